// @ts-check
// The examples as this process knows them: what they are called and which options they have. They run in the browser.
import { createServer, createServerModuleRunner } from 'vite';
import { SERVER } from '../browser.mjs';

/** @returns {Promise<readonly import('../../examples/example.ts').Example[]>} */
export async function readExamples() {
  const server = await createServer({ ...SERVER, server: { middlewareMode: true, hmr: false, ws: false, watch: null } });
  try {
    return (await createServerModuleRunner(server.environments.ssr, { hmr: false }).import('/examples/index.ts')).examples;
  } finally {
    await server.close();
  }
}
