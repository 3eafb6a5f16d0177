import { defineConfig } from 'playwright/test';
import { browserFlags, findBrowser } from './tools/setup.mjs';

const executablePath = findBrowser();
if (executablePath === null) throw new Error('No Chrome or Chromium found. Run `node tools/setup.mjs`, or set UNFOLD_CHROME.');

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  globalSetup: './e2e/server.ts',
  globalTimeout: 45 * 60_000,
  timeout: 90_000,
  workers: 2, // the software adapter uses every core by itself
  fullyParallel: true,
  forbidOnly: Boolean(process.env.CI),
  reporter: [[process.env.CI ? 'dot' : 'list'], ['./e2e/gradient_table.ts'], ['./e2e/summary.ts']],
  use: {
    launchOptions: { executablePath, args: browserFlags() },
  },
  projects: [
    { name: 'node', testDir: 'e2e/node' },
    { name: 'gpu', testDir: 'e2e/gpu' },
    { name: 'f16', testDir: 'e2e/f16' },
    { name: 'demo', testDir: 'e2e/demo', fullyParallel: false },
  ],
});
