// Imports go one way only (checks, io, shader_text ← gpu ← cells ← kernels ← scheduler ← layers ← train ← language ← the package's entries ← demo), and never in a circle.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'playwright/test';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** What each room may import, besides itself. `shaders` is any `.wgsl` file, `types` is src/wgsl/types.ts for its types. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  checks: [],
  shader_text: ['types'],
  gpu: ['checks', 'shader_text', 'types'],
  cells: ['checks', 'gpu', 'shaders', 'types'],
  kernels: ['gpu', 'cells', 'shaders', 'types'],
  scheduler: ['checks', 'gpu', 'cells', 'kernels', 'types'],
  layers: ['checks', 'gpu', 'cells', 'kernels', 'scheduler', 'io', 'types'],
  text: ['checks'],
  io: ['checks'],
  train: ['checks', 'gpu', 'kernels', 'layers', 'io'],
  language: ['checks', 'gpu', 'cells', 'kernels', 'scheduler', 'layers', 'train', 'text', 'io'],
  index: ['gpu', 'cells', 'kernels', 'scheduler', 'layers', 'train'],
  'language.ts': ['language'],
  'text.ts': ['text'],
  'safetensors.ts': ['io'],
  demo: ['index', 'language.ts', 'text.ts', 'safetensors.ts', 'text', 'io'],
  reference: [],
  wgsl: ['types', 'shader_text', 'node', 'vite', 'wgsl_reflect'],
  types: [],
};

/** Packages, by room. What ships has none. */
const MAY_USE: Readonly<Record<string, readonly string[]>> = {
  wgsl: ['node:fs', 'node:path', 'vite', 'wgsl_reflect/wgsl_reflect.module.js'],
  demo: ['uplot', 'uplot/dist/uPlot.min.css', 'virtual:moby-dick'],
};

interface Import {
  readonly from: string;
  readonly line: number;
  readonly specifier: string;
  readonly typeOnly: boolean;
}

/** Static, re-exporting and dynamic imports of a file. A specifier that is no literal cannot be followed. */
function importsOf(file: string): Import[] {
  const code = readFileSync(path.join(ROOT, file), 'utf8');
  const statement = /^[ \t]*(?:import|export)\s+(type\s)?(?:[^'"`;()]*?\bfrom\s*)?(['"])([^'"]+)\2/gm;
  const dynamic = /\bimport\(\s*(['"`])([^'"`]+)\1/g;
  const line = (index: number): number => code.slice(0, index).split('\n').length;
  return [
    ...[...code.matchAll(statement)].map(({ index, 1: type, 3: specifier = '' }) =>
      ({ from: file, line: line(index), specifier, typeOnly: type !== undefined })),
    ...[...code.matchAll(dynamic)].map(({ index, 2: specifier = '' }) => ({ from: file, line: line(index), specifier, typeOnly: false })),
  ];
}

function room(file: string): string {
  if (file.endsWith('.wgsl')) return 'shaders';
  const special: Record<string, string> = {
    'src/index.ts': 'index',
    'src/language.ts': 'language.ts',
    'src/text.ts': 'text.ts',
    'src/safetensors.ts': 'safetensors.ts',
    'src/wgsl/types.ts': 'types',
  };
  const [top = '', second = ''] = file.split('/');
  return special[file] ?? (top === 'src' ? second : top);
}

/** Why an import is not allowed, or null. */
function violation({ from, line, specifier, typeOnly }: Import): string | null {
  const where = `${from}:${line} imports ${specifier}`;
  const own = room(from);
  const allowed = MAY_IMPORT[own];
  if (!allowed) return `${where}, but ${own} is a room that this test does not know; give it a row in MAY_IMPORT`;
  if (!specifier.startsWith('.') && !specifier.startsWith('/')) {
    return MAY_USE[own]?.includes(specifier) ? null : `${where}: ${own} may use ${MAY_USE[own]?.join(', ') || 'no package'}`;
  }
  const target = targetOf(from, specifier);
  if (target === null) return `${where}, which is not there`;
  const other = room(target);
  if (other === 'types' && own !== 'wgsl' && !typeOnly) return `${where}: of src/wgsl only the types, with \`import type\``;
  return other === own || allowed.includes(other) ? null : `${where}: ${own} may import ${allowed.join(', ') || 'nothing'}`;
}

/** Path from the root of what a relative specifier names. Vite's queries (`?worker`) and `new URL` are no matter here. */
function targetOf(from: string, specifier: string): string | null {
  const file = path.posix.join(specifier.startsWith('/') ? '.' : path.posix.dirname(from), specifier.replace(/\?.*$/, ''));
  return existsSync(path.join(ROOT, file)) ? file : null;
}

function sources(folder: string): string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.m?ts$/.test(entry.name) && !entry.name.endsWith('.d.ts'))
    .map((entry) => path.relative(ROOT, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .sort();
}

const files = [...sources('src'), ...sources('demo')];

test('imports go one way only', () => {
  expect(files.length).toBeGreaterThan(20);
  expect(files.flatMap(importsOf).map(violation).filter(Boolean).join('\n')).toBe('');
});

test('no imports go round in a circle, those of types included', () => {
  const edges = new Map(files.map((file) => [file, importsOf(file).flatMap(({ specifier }) => (specifier.startsWith('.') ? targetOf(file, specifier) ?? [] : []))]));
  expect(cycles(edges).join('\n')).toBe('');
});

test('a page module of the tests never reaches the build', () => {
  const reached = sources('e2e').filter((file) => file.endsWith('.page.ts'))
    .flatMap(importsOf).filter(({ from, specifier, typeOnly }) => !typeOnly && targetOf(from, specifier)?.startsWith('src/wgsl/'));
  expect(reached).toEqual([]);
});

test('each kind of violation is found', () => {
  const of = (from: string, specifier: string, typeOnly = false): string | null => violation({ from, line: 7, specifier, typeOnly });
  expect(of('src/gpu/device.ts', '../train/trainer.ts')).toContain('src/gpu/device.ts:7 imports ../train/trainer.ts');
  expect(of('src/kernels/matmul.ts', '../shader_text/unroll.ts')).toContain('kernels may import gpu');
  expect(of('src/kernels/matmul.ts', '../gpu/recording.ts')).toBeNull();
  expect(of('src/gpu/recording.ts', '../kernels/matmul.ts')).toContain('gpu may import checks');
  expect(of('src/gpu/recording.ts', '../wgsl/types.ts')).toContain('only the types');
  expect(of('src/gpu/recording.ts', '../wgsl/types.ts', true)).toBeNull();
  expect(of('src/gpu/recording.ts', '../wgsl/plugin.ts', true)).toContain('gpu may import checks');
  expect(of('src/gpu/recording.ts', 'vite')).toContain('gpu may use no package');
  expect(of('src/reference/lstm.ts', '../gpu/recording.ts')).toContain('reference may import nothing');
  expect(of('src/language/trainer.ts', '../reference/lstm.ts')).toContain('language may import checks');
  expect(of('src/gpu/nothing.ts', './not_there.ts')).toContain('which is not there');
  expect(of('demo/main.ts', '../src/gpu/device.ts')).toContain('demo may import index');
  expect(of('src/index.ts', './language/trainer.ts')).toContain('index may import gpu');
  expect(of('src/text.ts', './io/safetensors.ts')).toContain('text.ts may import text');
  expect(of('src/text.ts', './text/split.ts')).toBeNull();
});

test('every form of import is read', () => {
  const specifiers = (file: string): string[] => importsOf(file).map(({ specifier }) => specifier);
  expect(specifiers('e2e/node/imports.spec.ts')).toEqual(['node:fs', 'node:path', 'playwright/test']);
  expect(importsOf('src/wgsl/plugin.ts').map(({ specifier, typeOnly, line }) => [specifier, typeOnly, line])).toEqual([
    ['vite', true, 4], ['./build.ts', false, 5], ['./declare.ts', false, 6], ['./module.ts', false, 7],
  ]);
  expect(specifiers('demo/corpora.ts')).toContain('virtual:moby-dick'); // import()
  expect(specifiers('demo/charts.ts')).toContain('uplot/dist/uPlot.min.css'); // for its effect
});

test('a circle is found', () => {
  expect(cycles(new Map([['a', ['b', 'd']], ['b', ['c']], ['c', ['a']], ['d', ['c']]]))).toEqual(['a → b → c → a']);
  expect(cycles(new Map([['a', ['b', 'c']], ['b', ['c']], ['c', []]]))).toEqual([]);
});

/** Every circle that a depth-first walk closes, each named once. */
function cycles(edges: ReadonlyMap<string, readonly string[]>): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]): void => {
    if (trail.includes(file)) found.push([...trail.slice(trail.indexOf(file)), file].join(' → '));
    else if (!done.has(file)) {
      for (const next of edges.get(file) ?? []) visit(next, [...trail, file]);
      done.add(file);
    }
  };
  for (const file of edges.keys()) visit(file, []);
  return found;
}
