// The benchmark in the repository: what it needs is installed, built or computed when it is asked for. Runs when it is loaded: Vite's
// runner, which loads it, imports nothing more once that is done.

import { spawnSync } from 'node:child_process';
import { statSync } from 'node:fs';
import path from 'node:path';
import { HERE, KEPT, ROOT } from './folders.ts';
import type { Home } from './home.ts';
import { findKept } from './kept_truth.ts';
import { main } from './main.ts';

const INSTALL_LIMIT = 600_000;

const repository: Home = {
  async startBrowser(adapter, options) {
    const { status } = spawnSync(process.execPath, [path.join(ROOT, 'tools/setup.mjs')], { stdio: 'inherit' });
    if (status !== 0) throw new Error('there is no browser to run in, see above; --adapter native needs none');
    // Loaded here, so that --adapter native runs without Playwright.
    const { BrowserHost } = await import('./hosts/browser.ts');
    return BrowserHost.start(adapter, options);
  },

  /** `npm ci` in bench/ when its packages are missing or older than the lock file. Nothing of them needs an install script. */
  installPeers() {
    const installed = statSync(path.join(HERE, 'node_modules/.package-lock.json'), { throwIfNoEntry: false });
    if (installed && installed.mtimeMs >= statSync(path.join(HERE, 'package-lock.json')).mtimeMs) return;
    console.error('bench: installing what is timed beside it (npm ci in bench/) …');
    const { status, error } = spawnSync('npm', ['ci', '--prefix', HERE, '--ignore-scripts', '--no-audit', '--no-fund'], {
      stdio: 'inherit', timeout: INSTALL_LIMIT, shell: process.platform === 'win32',
    });
    if (status !== 0) throw new Error(`npm ci in bench/ failed (${error?.message ?? `exit status ${status}`}); check the network, or run with --peers none`);
  },

  async nativePage() {
    const { buildPage } = await import('./build.ts');
    return buildPage(path.join(KEPT, '.native'));
  },

  find: findKept,
  docs: path.join(process.env.UNFOLD_BENCH_FOLDER ? KEPT : ROOT, 'docs'),
};

process.exitCode = await main(process.argv.slice(2), repository, process.env);
