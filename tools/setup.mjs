// Makes a fresh clone ready: the dependencies, then a Chrome or Chromium. Plain Node, because nothing is installed yet.
// Run before most commands of package.json, and by `npm run bench` where it needs it; takes a blink when there is nothing to do.
//
//   node tools/setup.mjs            dependencies and a browser that tools can drive
//   node tools/setup.mjs --test     besides, where Debian can give it, a Vulkan driver with f16
//   node tools/setup.mjs --serve    dependencies; a page is opened in whatever browser the reader has

import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = path.resolve(import.meta.dirname, '..');
const BROWSERS = path.join(ROOT, 'node_modules/.cache/browsers');
const MINUTE = 60_000;

/**
 * Path of a browser for the tools: `UNFOLD_CHROME`, else an installed Chrome, Chromium or Edge, else Playwright's.
 *
 * @returns {string | null} null when there is none
 * @throws {Error} when `UNFOLD_CHROME` names no file
 */
export function findBrowser() {
  const chosen = process.env.UNFOLD_CHROME;
  if (chosen) {
    if (existsSync(chosen)) return chosen;
    throw new Error(`UNFOLD_CHROME is ${chosen}, where no file is. Set it to the path of a Chrome or Chromium, or unset it.`);
  }
  return installedBrowser() ?? playwrightBrowser({}) ?? playwrightBrowser({ PLAYWRIGHT_BROWSERS_PATH: BROWSERS });
}

/**
 * Which adapter the tools and tests use. The software adapter is the default, so results do not depend on the machine;
 * `UNFOLD_ADAPTER=default` asks for the machine's own.
 *
 * @returns {'default' | 'swiftshader'}
 */
export function adapterKind() {
  return process.env.UNFOLD_ADAPTER === 'default' ? 'default' : 'swiftshader';
}

/**
 * Command-line flags that give WebGPU in a browser started by a tool.
 *
 * @param {'default' | 'swiftshader'} [adapter]
 * @returns {string[]}
 */
export function browserFlags(adapter = adapterKind()) {
  const flags = ['--enable-unsafe-webgpu'];
  if (adapter === 'swiftshader') flags.push('--use-webgpu-adapter=swiftshader');
  else if (process.platform === 'linux') flags.push('--enable-features=Vulkan', '--ignore-gpu-blocklist');
  if (process.getuid?.() === 0) flags.push('--no-sandbox');
  return flags;
}

function installedBrowser() {
  const { env, platform } = process;
  const places = [];
  if (platform === 'darwin') {
    for (const folder of ['/Applications', path.join(env.HOME ?? '', 'Applications')]) {
      for (const name of ['Google Chrome', 'Chromium', 'Google Chrome Canary', 'Microsoft Edge']) {
        places.push(path.join(folder, `${name}.app/Contents/MacOS/${name}`));
      }
    }
  } else if (platform === 'win32') {
    for (const name of ['Google/Chrome', 'Chromium', 'Microsoft/Edge']) {
      for (const folder of [env.ProgramFiles, env['ProgramFiles(x86)'], env.LOCALAPPDATA]) {
        const file = name === 'Microsoft/Edge' ? 'msedge.exe' : 'chrome.exe';
        if (folder) places.push(path.join(folder, name, 'Application', file));
      }
    }
  } else {
    const folders = [...(env.PATH ?? '').split(path.delimiter), '/usr/bin', '/usr/local/bin', '/snap/bin'].filter(Boolean);
    for (const name of ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser', 'microsoft-edge']) {
      places.push(...folders.map((folder) => path.join(folder, name)));
    }
    places.push('/opt/google/chrome/chrome');
  }
  return places.find((place) => existsSync(place)) ?? null;
}

/** A software Vulkan driver with f16, for the specs of e2e/f16: Mesa's llvmpipe, as its loader knows it. Null when there is none. */
export function findLlvmpipe() {
  const folder = '/usr/share/vulkan/icd.d';
  if (!existsSync(folder)) return null;
  const file = readdirSync(folder).find((name) => name.startsWith('lvp_icd'));
  return file ? path.join(folder, file) : null;
}

/** SwiftShader as a Vulkan driver, for Node with Dawn on a machine without a GPU: it comes with Chromium. Null when there is none. */
export function findSwiftShader() {
  const folders = ['/usr/lib/chromium', path.dirname(findBrowser() ?? '/')];
  return folders.map((folder) => path.join(folder, 'vk_swiftshader_icd.json')).find((file) => existsSync(file)) ?? null;
}

/** Asked in a process of its own, because Playwright reads `PLAYWRIGHT_BROWSERS_PATH` once, when it is loaded. */
function playwrightBrowser(env) {
  const script = "import { chromium } from 'playwright'; process.stdout.write(chromium.executablePath())";
  const { stdout, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script],
    { cwd: ROOT, env: { ...process.env, ...env }, encoding: 'utf8', timeout: MINUTE });
  return status === 0 && existsSync(stdout) ? stdout : null;
}

/** Whether what is installed is what package-lock.json asks for; npm leaves its own list in node_modules. */
function dependenciesMatch() {
  const packages = (file) => JSON.parse(readFileSync(path.join(ROOT, file), 'utf8')).packages;
  let installed;
  try {
    installed = packages('node_modules/.package-lock.json');
  } catch {
    return false;
  }
  return Object.entries(packages('package-lock.json')).every(([place, { version, optional }]) =>
    place === '' || (installed[place] ? installed[place].version === version : optional === true));
}

/** Runs a command with its output shown and returns whether it succeeded within `minutes`. */
function run(command, args, minutes, env = {}) {
  const { status, error } = spawnSync(command, args, {
    cwd: ROOT, env: { ...process.env, ...env }, stdio: ['ignore', 'inherit', 'inherit'], timeout: minutes * MINUTE,
  });
  if (error?.code === 'ETIMEDOUT') say(`${path.basename(command)} was stopped after ${minutes} minutes`);
  return status === 0;
}

function npm(args, minutes) {
  const cli = process.env.npm_execpath; // how this script was started: the same npm, and no shell on Windows
  return cli?.endsWith('.js') ? run(process.execPath, [cli, ...args], minutes) : run('npm', args, minutes);
}

function installBrowser() {
  say('no Chrome or Chromium found; downloading the one of Playwright (at most 5 minutes)');
  const cli = path.join(ROOT, 'node_modules/playwright/cli.js');
  const env = { PLAYWRIGHT_BROWSERS_PATH: BROWSERS, PLAYWRIGHT_DOWNLOAD_CONNECTION_TIMEOUT: '15000' };
  if (run(process.execPath, [cli, 'install', '--no-shell', 'chromium'], 5, env)) {
    const browser = playwrightBrowser(env);
    // Downloaded is not runnable: a bare Linux lacks its libraries.
    if (browser && (process.platform !== 'linux' || run(browser, ['--version'], 1))) return browser;
  }
  if (installFromDebian('chromium')) return installedBrowser();
  return null;
}

/** Whether this is a Debian that could be asked for a package. */
function installFromDebian(name) {
  if (!isDebian() || process.getuid?.() !== 0) return false;
  say(`installing Debian's ${name} (at most 10 minutes)`);
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' };
  const lock = ['-o', 'DPkg::Lock::Timeout=120', '-qq'];
  run('apt-get', [...lock, 'update'], 3, quiet);
  run('apt-get', [...lock, 'install', '-y', '--no-install-recommends', name], 10, quiet);
  return true;
}

function isDebian() {
  try {
    return /^ID="?debian"?$/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

function say(line) {
  console.log(`setup: ${line}`);
}

function stop(line) {
  console.error(`setup: ${line}`);
  process.exit(1);
}

function setup({ serveOnly, testing }) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 19)) {
    stop(`this is Node ${process.versions.node}; Unfold needs 20.19 or newer. Install it from https://nodejs.org.`);
  }
  if (!dependenciesMatch()) {
    say('installing the dependencies with npm ci (at most 10 minutes)');
    if (!npm(['ci', '--no-audit', '--no-fund'], 10)) stop('npm ci failed; its message is above. Check the network, then try again.');
  }
  if (serveOnly) return;
  let browser;
  try {
    browser = findBrowser() ?? installBrowser();
  } catch (error) {
    stop(error.message);
  }
  if (!browser) {
    stop('no browser with WebGPU. Install Google Chrome (https://www.google.com/chrome) or Chromium 113 or newer ' +
      '(Debian: sudo apt-get install chromium), or set UNFOLD_CHROME to the path of one.');
  }
  // Wanted, not needed: without it the specs of e2e/f16 are skipped, and say so.
  if (testing && process.platform === 'linux' && !findLlvmpipe()) installFromDebian('mesa-vulkan-drivers');
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) setup({ serveOnly: process.argv.includes('--serve'), testing: process.argv.includes('--test') });
