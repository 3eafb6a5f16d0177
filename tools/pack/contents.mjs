// @ts-check
// What goes into the GPU folder: Node, Dawn, a Vulkan loader, the specs with their runner, conformance with its cases, the benchmark.
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { buildNative } from '../../bench/build_native.mjs';
import { bundlePage } from '../hosts/bundle.mjs';
import { programName } from '../hosts/program.mjs';

const ROOT = resolve(import.meta.dirname, '../..');

/** Page modules that the folder's commands call. */
const PROGRAMS = ['/e2e/pages.ts', '/tools/conformance/page.ts', '/tools/probe/page.ts'];

/** Packages of the runner and of Dawn, without the parts that are of no use there. */
const PACKAGES = ['devalue', 'webgpu', 'playwright', 'playwright-core', 'onnxruntime-node', 'onnxruntime-common'];
const LEFT_OUT = [
  /^playwright-core\/lib\/(vite|webp_codec|tools)/, /^playwright-core\/bin\//, /\/types\//, /\.d\.ts$/, /\.map$/, /\/LICENSE$|ThirdPartyNotices|README/,
  /^webgpu\/dist\/(?!linux-x64)/, /^webgpu\/node_modules\//, /^onnxruntime-node\/bin\/napi-v3\/(?!linux(\/|$))/, /^onnxruntime-node\/bin\/napi-v3\/linux\/arm64/,
];

/** What Dawn's Vulkan opens, and what NVIDIA's driver opens in turn: taken for machines that lack them. */
const LIBRARIES = ['libvulkan.so.1', 'libX11.so.6', 'libXext.so.6', 'libxcb.so.1', 'libXau.so.6', 'libXdmcp.so.6', 'libbsd.so.0', 'libmd.so.0', 'libstdc++.so.6', 'libgcc_s.so.1'];

/** Sources that the specs and commands read as they are. */
const SOURCES = ['package.json', 'tsconfig.json', 'playwright.config.ts', 'e2e', 'src', 'tools'];
const NO_SOURCES = [/^e2e\/(node|demo)(\/|$)/, /^e2e\/golden\/.*\.py$/, /\.d\.wgsl\.ts$/, /^e2e\/golden\/wgsl(\/|$)/];

/**
 * Lay the folder's content out.
 * @param {string} folder an empty one
 * @param {{ cases?: string, say: (line: string) => void }} options `cases` is a folder of case files besides the project's own
 */
export async function stage(folder, { cases, say }) {
  say('the specs, and programs of their pages');
  for (const name of SOURCES) copy(join(ROOT, name), join(folder, name), (path) => !matches(NO_SOURCES, path.slice(ROOT.length + 1)));
  for (const name of PACKAGES) {
    const modules = join(ROOT, 'node_modules');
    copy(join(modules, name), join(folder, 'node_modules', name), (path) => !matches(LEFT_OUT, path.slice(modules.length + 1)));
  }
  for (const module of PROGRAMS) await bundlePage(module, join(folder, 'programs', programName(module)));
  say('case files');
  run(process.execPath, [join(ROOT, 'tools/conformance/generate.mjs'), join(folder, 'cases')]);
  if (cases !== undefined) {
    for (const name of readdirSync(cases).filter((one) => one.endsWith('.json'))) copyFileSync(join(cases, name), join(folder, 'cases', `given-${name}`));
  }
  say('the benchmark and its oracle\'s answers');
  await buildNative(join(folder, 'bench'));
  say('Node and the Vulkan loader');
  copyFileSync(realpathSync(process.execPath), join(folder, 'node'));
  chmodSync(join(folder, 'node'), 0o755);
  spawnSync('strip', [join(folder, 'node')]); // symbols are a tenth of it; a machine without strip takes them along
  const missing = copyLibraries(join(folder, 'lib'));
  if (missing.length > 0) say(`not on this machine, so not taken along: ${missing.join(', ')} (Debian: libvulkan1, libx11-6, libxext6)`);
  if (missing.includes('libvulkan.so.1')) throw new Error('the folder needs a Vulkan loader: install libvulkan1, or what your system calls it');
  const commit = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).stdout.trim() || 'unknown';
  const changed = spawnSync('git', ['status', '--porcelain'], { cwd: ROOT, encoding: 'utf8' }).stdout.trim() !== '';
  writeFileSync(join(folder, 'origin.json'), JSON.stringify({ commit: changed ? `${commit} with changes` : commit, date: new Date().toISOString().slice(0, 10) }));
}

/** @param {string} from @param {string} to @param {(path: string) => boolean} filter */
function copy(from, to, filter) {
  cpSync(from, to, { recursive: true, filter, dereference: true });
}

/** @param {RegExp[]} patterns @param {string} path */
const matches = (patterns, path) => patterns.some((pattern) => pattern.test(path));

/** @param {string} folder @returns {string[]} names that are not there */
function copyLibraries(folder) {
  mkdirSync(folder, { recursive: true });
  const known = new Map([...spawnSync('ldconfig', ['-p'], { encoding: 'utf8' }).stdout.matchAll(/^\s*(\S+) \(libc6,x86-64[^)]*\) => (\S+)$/gm)].map(([, name, path]) => [name, path]));
  return LIBRARIES.filter((name) => {
    const path = known.get(name);
    if (path === undefined || !existsSync(path)) return true;
    copyFileSync(realpathSync(path), join(folder, name));
    return false;
  });
}

/** @param {string} command @param {string[]} words */
function run(command, words) {
  const { status, stdout, stderr } = spawnSync(command, words, { cwd: ROOT, encoding: 'utf8', timeout: 5 * 60_000 });
  if (status !== 0) throw new Error(`${words[0]} failed: ${stderr.trim() || stdout.trim()}`);
}
