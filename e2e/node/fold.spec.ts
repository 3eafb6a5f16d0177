// Params and lengths written into a shader's text.

import { expect, test } from 'playwright/test';
import { fold } from '../../src/shader_text/fold.ts';
import type { Field, ScalarType } from '../../src/wgsl/types.ts';

const field = (name: string, type: ScalarType = 'u32'): Field => ({ name, offset: 0, type });

test('a folded param becomes a literal of its type; the others and comments stay', () => {
  const code = 'let a = params.rows * params.rows_stride; // params.rows\nlet b = params.scale - params.shift;';
  expect(fold(code, { params: [[field('rows'), 3], [field('scale', 'f32'), 0.5], [field('shift', 'i32'), -2]], lengths: new Map() }))
    .toBe('let a = 3u * params.rows_stride; // params.rows\nlet b = 0.5f - (-2i);');
});

test('each array gets the length of its binding; arrays of nothing bound and of known length stay', () => {
  const code = [
    '@group(0) @binding(1) var<storage, read> a: array<f32>;  // [M,K]',
    '@group(0) @binding(2) var<storage, read_write> ab: array<f32>;',
    '@group(0) @binding(3) var<storage, read> tokens: array<u32>;',
    '@group(0) @binding(1) var<storage, read> a_vec4: array<vec4f>;',
    'var<private> tile: array<f32, 4>;',
  ];
  expect(fold(code.join('\n'), { params: [], lengths: new Map([['a', 12], ['tokens', 5], ['tile', 6]]) }).split('\n')).toEqual([
    '@group(0) @binding(1) var<storage, read> a: array<f32, 12>;  // [M,K]',
    code[1],
    '@group(0) @binding(3) var<storage, read> tokens: array<u32, 5>;',
    '@group(0) @binding(1) var<storage, read> a_vec4: array<vec4f, 3>;',
    ...code.slice(4),
  ]);
  expect(fold(code[3]!, { params: [], lengths: new Map([['a', 3]]) })).toContain('array<vec4f, 1>');
});

test('a value that its type cannot hold is refused by name', () => {
  const of = (type: ScalarType, value: number) => () => fold('params.n', { params: [[field('n', type), value]], lengths: new Map() });
  expect(of('u32', -1)).toThrow('the param n is -1: a u32 holds whole numbers from 0 to 4294967295');
  expect(of('i32', 0.5)).toThrow('the param n is 0.5');
  expect(of('f32', Infinity)).toThrow('the param n is Infinity: only a finite number');
});
