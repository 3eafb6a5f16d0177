// @ts-check
// npm run package:check: packs the package and uses it as applications do. Every version of TypeScript that it is for checks a program of
// all sub-paths, with the settings of a Vite project and of plain Node; the program runs in Node, in Deno and, built by Vite, in Chromium.
// publint and attw look at the package itself. What this needs and the repository has not comes from npm, into a folder that is removed.

import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { missingForProcess } from './hosts/processes.mjs';
import { npm, run } from './package/commands.mjs';
import { makeDenoProject, makeLintProject, makeProject } from './package/projects.mjs';
import { binOf, runInChromium, runInDeno, runInNode } from './package/runs.mjs';
import { adapterKind } from './setup.mjs';

const ROOT = resolve(import.meta.dirname, '..');
/** Minor versions, and the newest that there is. */
const COMPILERS = ['5.7', '5.8', '5.9', '6.0', 'latest'];
/** What Node's program and Chromium's page say when all went well. */
const SAID = /^6 steps, \d+ tensors, 5 characters, object$/;

/** @typedef {import('./package/commands.mjs').Outcome} Outcome */

/** @type {string[]} */
const failures = [];

/**
 * A cell of the table; what failed is told below it.
 * @param {string} what @param {Outcome} outcome @param {RegExp} [expected] of its last line
 */
function cell(what, { ok, output }, expected = /(?:)/) {
  const last = output.trim().split('\n').at(-1) ?? '';
  if (ok && expected.test(last)) return 'ok';
  failures.push(`${what}:\n${output.trim() || 'it said nothing'}`);
  return 'FAILED';
}

const folder = mkdtempSync(join(tmpdir(), 'unfold-package-'));
const adapter = adapterKind();
const withoutNode = missingForProcess('node', adapter);
const withoutDeno = missingForProcess('deno', adapter);
/** @type {[string, string, string, string][]} */
const rows = [];
try {
  console.log('packing …');
  const packed = npm(ROOT, ['pack', '--pack-destination', folder]);
  if (!packed.ok) throw new Error(`npm pack failed:\n${packed.output}`);
  const tarball = join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? '');

  let newest = '';
  for (const asked of COMPILERS) {
    console.log(`TypeScript ${asked} …`);
    const { project, version } = makeProject(folder, { tarball, compiler: asked });
    const check = (/** @type {string} */ config) => run(project, [binOf(project, 'typescript', 'tsc'), '-p', config]);
    rows.push(['Vite', `TypeScript ${version}`, cell(`Vite, TypeScript ${version}`, check('tsconfig.vite.json')), '']);
    const types = cell(`Node, TypeScript ${version}`, check('tsconfig.node.json'));
    const name = `Node ${process.versions.node}, TypeScript ${version}`;
    rows.push(['Node', `TypeScript ${version}`, types, types !== 'ok' ? '' : withoutNode ?? cell(name, runInNode(join(project, 'out/program.js'), adapter), SAID)]);
    newest = project;
  }

  console.log('Chromium …');
  rows.push(['Vite', 'built, in Chromium', '', cell('Chromium', await runInChromium(newest), SAID)]);
  console.log('Deno …');
  const deno = makeDenoProject(folder, tarball);
  rows.push(['Deno', deno.version, cell('Deno, types', deno.check()), withoutDeno ?? cell('Deno', runInDeno(deno.project, adapter), SAID)]);

  console.log('publint and attw …');
  const lint = makeLintProject(folder);
  rows.push(['publint', '', cell('publint', run(lint, [binOf(lint, 'publint', 'publint'), tarball, '--strict']), /^All good!$/), '']);
  // The package has ES modules alone, and no sub-paths for resolvers of before Node 12.
  rows.push(['attw', '', cell('attw', run(lint, [binOf(lint, '@arethetypeswrong/cli', 'attw'), tarball, '--profile', 'esm-only'])), '']);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

const table = [['project', 'with', 'types', 'runs'], ...rows];
const widths = [0, 1, 2, 3].map((column) => Math.max(...table.map((row) => row[column]?.length ?? 0)));
console.log(`\n${table.map((row) => row.map((text, column) => text.padEnd(widths[column] ?? 0)).join('   ').trimEnd()).join('\n')}`);
for (const failure of failures) console.error(`\n${failure}`);
process.exit(failures.length > 0 ? 1 : 0);
