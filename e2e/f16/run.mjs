// Runs in Deno: `run.mjs MODULE NAME` calls the module's export with the JSON on stdin, and writes its result as JSON.
import { readFileSync, writeSync } from 'node:fs';

const [file, name] = process.argv.slice(2);
const result = await (await import(`file://${file}`))[name](JSON.parse(readFileSync(0, 'utf8')));
const bytes = new TextEncoder().encode(JSON.stringify(result ?? null));
for (let at = 0; at < bytes.length; ) at += writeSync(1, bytes, at);
process.exit(0);
