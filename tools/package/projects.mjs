// @ts-check
// Projects in which the package is installed from its tarball, each with the program: as Vite makes them, of plain Node, and of Deno.
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { DENO } from '../hosts/processes.mjs';
import { install, runCommand } from './commands.mjs';

const ROOT = resolve(import.meta.dirname, '../..');
const STRICT = { strict: true, noUncheckedIndexedAccess: true };

/** @param {string} file @param {unknown} value */
const writeJson = (file, value) => writeFileSync(file, JSON.stringify(value, null, 2));

/**
 * An empty project with the program.
 * @param {string} folder @param {string} name @param {Record<string, string>} dependencies
 */
function begin(folder, name, dependencies) {
  const project = join(folder, name);
  mkdirSync(project);
  writeJson(join(project, 'package.json'), { name, private: true, type: 'module', dependencies });
  copyFileSync(join(import.meta.dirname, 'program.ts'), join(project, 'program.ts'));
  return project;
}

/**
 * WebGPU's types for a compiler that has none: the oldest that the package allows for the oldest compiler, else the newest.
 * @param {string} compiler @returns {Record<string, string>}
 */
function webgpuTypes(compiler) {
  if (!compiler.startsWith('5.')) return {};
  const { peerDependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return { '@webgpu/types': compiler === '5.7' ? peerDependencies['@webgpu/types'].replace('^', '') : 'latest' };
}

/**
 * A project of one compiler, which can be checked with the settings of Vite and with those of plain Node.
 * @param {string} folder @param {{ tarball: string, compiler: string }} options `compiler` is a minor version of TypeScript, or latest
 */
export function makeProject(folder, { tarball, compiler }) {
  const gpu = webgpuTypes(compiler);
  const project = begin(folder, `typescript-${compiler}`, { 'unfold-rnn': `file:${tarball}`, typescript: compiler === 'latest' ? compiler : `~${compiler}.0`, ...gpu });
  install(project);
  const common = { ...STRICT, skipLibCheck: false, types: Object.keys(gpu) };
  writeJson(join(project, 'tsconfig.vite.json'), {
    compilerOptions: {
      ...common, target: 'ES2022', lib: ['ES2022', 'DOM', 'DOM.Iterable'], module: 'ESNext', moduleResolution: 'bundler',
      isolatedModules: true, moduleDetection: 'force', noEmit: true,
    },
    files: ['program.ts'],
  });
  writeJson(join(project, 'tsconfig.node.json'), {
    compilerOptions: { ...common, target: 'ES2022', module: 'NodeNext', rootDir: '.', outDir: 'out' }, files: ['program.ts'],
  });
  writeFileSync(join(project, 'index.html'), '<!doctype html><script type="module" src="/main.ts"></script>');
  writeFileSync(join(project, 'main.ts'), `import { program } from './program.ts';
program().then((said) => document.body.textContent = said, (error) => document.body.textContent = String(error));
`);
  const { version } = JSON.parse(readFileSync(join(project, 'node_modules/typescript/package.json'), 'utf8'));
  return { project, version: /** @type {string} */ (version) };
}

/**
 * A project of Deno, which has a compiler of its own.
 * @param {string} folder @param {string} tarball
 */
export function makeDenoProject(folder, tarball) {
  const project = begin(folder, 'deno', { 'unfold-rnn': `file:${tarball}` });
  install(project);
  writeJson(join(project, 'deno.json'), { nodeModulesDir: 'manual', compilerOptions: STRICT });
  writeFileSync(join(project, 'main.ts'), "import { program } from './program.ts';\nconsole.log(await program());\n");
  const [deno = '', , typescript = ''] = runCommand(project, DENO, ['--version']).output.trim().split('\n');
  return { project, version: `${deno.split(' (')[0]}, ${typescript}`, check: () => runCommand(project, DENO, ['check', 'main.ts']) };
}

/** A folder with the two that look at packages. @param {string} folder */
export function makeLintProject(folder) {
  const project = begin(folder, 'lint', { publint: 'latest', '@arethetypeswrong/cli': 'latest' });
  install(project);
  return project;
}
