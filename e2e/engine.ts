// Engine modules for specs without a page: Vite turns their `.wgsl` imports into data, as it does in a browser.

import { createServer, createServerModuleRunner } from 'vite';
import type { ModuleRunner } from 'vite/module-runner';

let runner: Promise<ModuleRunner> | undefined;

/**
 * Imports a module of the repository, `load<typeof import('../src/scheduler/unfold.ts')>('/src/scheduler/unfold.ts')`.
 * Every module is evaluated once in a worker, so classes and registries are the same in all that are loaded.
 */
export async function load<Module>(file: string): Promise<Module> {
  runner ??= start();
  return (await (await runner).import(file)) as Module;
}

async function start(): Promise<ModuleRunner> {
  const server = await createServer({
    cacheDir: 'node_modules/.vite-node',
    logLevel: 'error',
    optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, hmr: false, ws: false, watch: null },
  });
  return createServerModuleRunner(server.environments.ssr, { hmr: false });
}
