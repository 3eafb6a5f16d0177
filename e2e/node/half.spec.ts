// Storage in f16, written into a shader's text, and the words that it lies in.

import { expect, test } from 'playwright/test';
import { storeHalf } from '../../src/shader_text/half.ts';
import { alignedStart, allocateProxy, boundBytes, boundElements, subslice, copyRange } from '../../src/gpu/memory.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { unrolledShaders } from '../../src/wgsl/build.ts';

const DECLARED = ['@group(0) @binding(1) var<storage, read_write> x: array<f32>;  // x[i]', '@group(0) @binding(2) var<storage, read> xs: array<f32, 12>;', 'var<storage, read> at: array<u32>;'];

test('loads become f32 and stores f16; other arrays, members and comments stay', () => {
  const code = [
    ...DECLARED,
    'x[i] = x[at[i]] + xs[i]; // x[0] = 1',
    'x[of(x[2])] += 2.0 * x[i + 1u] - 1.0;',
    'if (x[i] == 0.0 || x[i] <= p.x[1]) { x[i] = 0.0; }',
  ];
  expect(storeHalf(code.join('\n'), ['x']).split('\n')).toEqual([
    'enable f16;',
    '@group(0) @binding(1) var<storage, read_write> x: array<f16>;  // x[i]',
    ...DECLARED.slice(1),
    'x[i] = f16(f32(x[at[i]]) + xs[i]); // x[0] = 1',
    'x[of(f32(x[2]))] = f16(f32(x[of(f32(x[2]))]) + (2.0 * f32(x[i + 1u]) - 1.0));',
    'if (f32(x[i]) == 0.0 || f32(x[i]) <= p.x[1]) { x[i] = f16(0.0); }',
  ]);
});

test('loads of four become vec4f: of an array of vectors, and of one that is bound again for them', () => {
  const code = ['var<storage, read> x: array<f32, 8>;', 'var<storage, read> x_vec4: array<vec4f, 2>;', 'var<storage, read> b: array<vec4f>;', 'let y = x_vec4[k] + b[k] * x[i];'];
  expect(storeHalf(code.join('\n'), ['x', 'b']).split('\n')).toEqual([
    'enable f16;',
    'var<storage, read> x: array<f16, 8>;',
    'var<storage, read> x_vec4: array<vec4h, 2>;',
    'var<storage, read> b: array<vec4h>;',
    'let y = vec4f(x_vec4[k]) + vec4f(b[k]) * f32(x[i]);',
  ]);
});

test('an array of a length keeps it; a shader without f16 keeps its text', () => {
  expect(storeHalf(DECLARED.join('\n'), ['xs'])).toContain('xs: array<f16, 12>;');
  expect(storeHalf('var<storage, read> x: array<f32>;', [])).toBe('var<storage, read> x: array<f32>;');
});

test('a name that is no array<f32>, or a local one too, is refused', () => {
  expect(() => storeHalf(DECLARED.join('\n'), ['y'])).toThrow(/y is bound to f16, and the shader has no storage array<f32>/);
  expect(() => storeHalf(DECLARED.join('\n'), ['at'])).toThrow(/at is bound to f16/);
  expect(() => storeHalf(`${DECLARED.join('\n')}\nfn f() { let x = 1; }`, ['x'])).toThrow(/local variable has its name/);
});

test('in every shader each array of f32 can be one of f16', () => {
  for (const [name, text] of unrolledShaders()) {
    const arrays = [...text.matchAll(/var<storage[^>]*>\s*(\w+)\s*:\s*array<f32>/g)].map(([, array]) => array!);
    const half = storeHalf(text, arrays).replace(/\/\/.*/g, '');
    // What is left of loads and stores: each is converted.
    const accesses = [...half.matchAll(new RegExp(`(f32\\()?(?<![\\w.])(?:${arrays.join('|') || '-'})\\s*\\[`, 'g'))];
    const stores = [...half.matchAll(/\] = f16\(/g)].length;
    expect(accesses.filter(([, load]) => load === undefined).length, name).toBe(stores);
    expect(half, name).not.toMatch(/array<f32>;/);
  }
});

test('f16 elements are counted by two bytes, in whole words', () => {
  const odd = allocateProxy('odd', [7], 'scratch', 2);
  expect(odd.buffer.bytes).toBe(16);
  expect(copyRange(odd)).toEqual({ start: 0, bytes: 16 });
  expect(copyRange(subslice(odd, 2, [2]))).toEqual({ start: 4, bytes: 4 });
  expect(() => copyRange(subslice(odd, 1, [2]))).toThrow(/odd \[2\] at element 1 begins or ends inside a 4-byte word.*in pairs, or by a kernel/);
  expect(() => copyRange(subslice(odd, 0, [3]))).toThrow(/inside a 4-byte word/);
  const long = allocateProxy('long', [1000], 'scratch', 2);
  expect(alignedStart(subslice(long, 131, [5]))).toEqual({ bindingBytes: 256, elements: 3 });
  expect(boundElements(subslice(long, 131, [6]))).toBe(9);
  expect(boundBytes(subslice(long, 131, [6]))).toBe(20);
});

test('a copy between f16 and f32 is refused', () => {
  const [half, wide] = [allocateProxy('half', [4], 'scratch', 2), allocateProxy('wide', [4], 'scratch')];
  expect(() => new Recording().copy(half, wide)).toThrow(/cannot copy half to wide: one of them is f16; convert/);
});
