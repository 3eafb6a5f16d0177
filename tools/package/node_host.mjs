// @ts-check
// node tools/package/node_host.mjs PROGRAM: runs a module's `program` in Node, with WebGPU where a browser has it, and prints what it says.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { create, globals } from 'webgpu';
import { dawnWords } from '../hosts/dawn.mjs';

Object.assign(globalThis, globals);
Object.defineProperty(globalThis, 'navigator', { value: { gpu: create(dawnWords()) }, configurable: true });
const { program } = await import(pathToFileURL(resolve(process.argv[2] ?? '')).href);
console.log(await program());
process.exit(0); // Dawn keeps the process alive
