import { defineConfig } from 'playwright/test';
import type { HostName } from './e2e/hosts.ts';
import { adapterKind, browserFlags, findBrowser } from './tools/setup.mjs';

/** `UNFOLD_HOST` runs the GPU specs on that host alone; without it a run has everything that every machine can do. */
const host = process.env.UNFOLD_HOST as HostName | undefined;
const executablePath = findBrowser();
if (executablePath === null && (host === undefined || host === 'chromium')) throw new Error('No Chrome or Chromium found. Run `node tools/setup.mjs`, or set UNFOLD_CHROME.');

/** Deno and Firefox run on llvmpipe here, which takes minutes to compile the texts of wide tiles: only `UNFOLD_FULL=1` has the patience. */
const isImpatient = (on: HostName): boolean => (on === 'deno' || on === 'firefox') && adapterKind() === 'swiftshader' && process.env.UNFOLD_FULL !== '1';

/** The GPU specs on a host, those of f16 among them, which skip themselves where an adapter has none. */
const gpu = (name: string, on: HostName, folders: readonly string[]) =>
  ({ name, testMatch: folders.map((folder) => `${folder}/*.spec.ts`), use: { host: on }, ...(isImpatient(on) && { grepInvert: /@long-compilation/ }) });

export default defineConfig<object, { host: HostName }>({
  testDir: 'e2e',
  outputDir: 'test-results',
  globalSetup: './e2e/server.ts',
  globalTimeout: 80 * 60_000,
  timeout: process.env.UNFOLD_FULL === '1' ? 180_000 : 90_000, // a test of a whole product has six times the networks
  workers: 2, // the software adapter uses every core by itself
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  reporter: [[process.env.CI ? 'dot' : 'list'], ['./e2e/gradient_table.ts'], ['./e2e/slowest.ts'], ['./e2e/summary.ts']],
  use: {
    launchOptions: { ...(executablePath !== null && { executablePath }), args: browserFlags() },
  },
  projects: host ? [gpu(`gpu-${host}`, host, ['gpu', 'f16'])] : [
    { name: 'node', testDir: 'e2e/node' },
    gpu('gpu', 'chromium', ['gpu']),
    gpu('deno', 'deno', ['gpu', 'f16']),
    { name: 'demo', testDir: 'e2e/demo', fullyParallel: false },
  ],
});
