// What ships: no WGSL parser, no package of another, and every shader.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'playwright/test';
import { build } from 'vite';
import type { Rolldown } from 'vite';
import { buildShaders } from '../../src/wgsl/build.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Texts that are in wgsl_reflect however it is minified, and that nothing of ours has a use for. */
const PARSER = ['Expected function name.', 'Invalid value for variable', '_findResources', 'textureSampleBaseClampToEdge', 'subgroupExclusiveMul'];

async function bundle(mode: 'library' | 'production'): Promise<Rolldown.RolldownOutput['output'][number][]> {
  const results = await build({ configFile: path.join(ROOT, 'vite.config.ts'), mode, logLevel: 'error', build: { write: false } });
  return (Array.isArray(results) ? results : [results]).flatMap((result) => ('output' in result ? result.output : []));
}

function codeOf(outputs: readonly Rolldown.RolldownOutput['output'][number][]): string {
  return outputs.map((output) => (output.type === 'chunk' ? output.code : output.fileName.endsWith('.js') ? String(output.source) : '')).join('\n');
}

const parserTexts = (code: string): string[] => PARSER.filter((text) => code.includes(text));

test('the texts that betray the parser are the parser\'s', () => {
  expect(parserTexts(readFileSync(path.join(ROOT, 'node_modules/wgsl_reflect/wgsl_reflect.module.js'), 'utf8'))).toEqual(PARSER);
});

test('the library\'s modules import one another alone, without the parser, and have every shader', async () => {
  const outputs = await bundle('library');
  const chunks = outputs.filter((output) => output.type === 'chunk');
  const files = new Set(chunks.map(({ fileName }) => fileName));
  expect([...files]).toEqual(expect.arrayContaining(['src/index.js', 'src/language.js', 'src/text.js', 'src/safetensors.js', 'src/gpu/device.js']));
  expect(chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]).filter((file) => !files.has(file))).toEqual([]);
  const code = codeOf(outputs);
  expect(parserTexts(code)).toEqual([]);
  for (const { shader } of buildShaders()) {
    for (const entry of Object.keys(shader.entries)) expect(code, shader.name).toContain(`fn ${entry}(`);
  }
});

test('the demo ships no parser, in its worker neither', async () => {
  const outputs = await bundle('production');
  const code = codeOf(outputs);
  expect(outputs.filter(({ fileName }) => /worker.*\.js$/.test(fileName))).toHaveLength(1);
  expect(code).toContain('fn cell_forward(');
  expect(parserTexts(code)).toEqual([]);
});

test('the package depends on no other, and may be given WebGPU\'s types', () => {
  const { dependencies = {}, peerDependencies = {}, peerDependenciesMeta = {}, optionalDependencies = {} } =
    JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as Record<string, Record<string, unknown>>;
  expect({ ...dependencies, ...optionalDependencies }).toEqual({});
  expect(Object.keys(peerDependencies)).toEqual(['@webgpu/types']);
  expect(peerDependenciesMeta).toEqual({ '@webgpu/types': { optional: true } });
});
