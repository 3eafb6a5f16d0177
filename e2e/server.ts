// One dev server for the whole run, on a free loopback port. It watches no file, so it never reloads a page under a test.

import { once } from 'node:events';
import { createServer as createSocket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { createServer } from 'vite';

export default async function start(): Promise<() => Promise<void>> {
  const port = await freePort();
  const server = await createServer({
    cacheDir: 'node_modules/.vite-test',
    clearScreen: false,
    logLevel: 'error',
    server: { port, strictPort: true, watch: null, open: false },
  });
  await server.listen();
  process.env.UNFOLD_URL = `http://127.0.0.1:${port}`; // the workers inherit it
  return () => server.close();
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
