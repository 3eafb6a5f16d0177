// What the hosts of a run load their pages from, made once before it: a dev server on a free loopback port for the browsers, and one
// program for Node and Deno. The server watches no file, so it never reloads a page under a test.

import { once } from 'node:events';
import { createServer as createSocket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { makeProgram } from '../tools/hosts/program.mjs';
import { PAGES } from './hosts.ts';

export default async function start(): Promise<() => Promise<void>> {
  const { program, remove } = await makeProgram(PAGES);
  process.env.UNFOLD_PAGES = program; // the workers inherit it
  const host = process.env.UNFOLD_HOST;
  if (host === 'node' || host === 'deno') return async () => remove(); // they need no server, and on a bare machine there is no Vite
  const { createServer } = await import('vite');
  const port = await freePort();
  const server = await createServer({
    cacheDir: 'node_modules/.vite-test',
    clearScreen: false,
    logLevel: 'error',
    server: { port, strictPort: true, watch: null, open: false },
  });
  await server.listen();
  process.env.UNFOLD_URL = `http://127.0.0.1:${port}`;
  return async () => {
    remove();
    await server.close();
  };
}

/** Vite tells the page its port before it listens, so it cannot be asked to choose one. */
async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, '127.0.0.1');
  await once(socket, 'listening');
  const { port } = socket.address() as AddressInfo;
  socket.close();
  await once(socket, 'close');
  return port;
}
