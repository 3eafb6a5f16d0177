// Only what an entry point reaches goes to the device.
import { expect, test } from 'playwright/test';
import { reachable } from '../../src/shader_text/reachable.ts';
import { buildShaders } from '../../src/wgsl/build.ts';

const CODE = `const N = 4u;
// fn ghost() { first(); }
fn leaf(x: f32) -> f32 { return x; }
fn first(x: f32) -> f32 {
  #unroll i in 0..N { let y_$i = leaf(x); }
  return y_0;
}
fn second(x: f32) -> f32 { return -x; }
@compute @workgroup_size(64)
fn one(@builtin(global_invocation_id) id: vec3u) { a[id.x] = first(1.0); } /* second */
var<private> between: f32;
@compute
@workgroup_size(N)
fn two(@builtin(global_invocation_id) id: vec3u) { a[id.x] = second(between); }
`;

test('other entries and what they alone call are left out, with their attributes; all else stays', () => {
  expect(reachable(CODE, 'one')).toBe(CODE.replace(/fn second[^]*?\n/, '\n').replace(/@compute\n[^]*$/, '\n'));
  const two = reachable(CODE, 'two');
  expect(two).toContain('fn second');
  expect(two).toContain('var<private> between');
  expect(two).not.toMatch(/fn (leaf|first|one)\b/);
  expect(two.match(/@compute/g)).toHaveLength(1);
});

test('an entry that is not there is named', () => {
  expect(() => reachable(CODE, 'three')).toThrow('the shader has no function three; it has leaf, first, second, one, two');
});

test('every entry of every shader keeps itself and all that it calls, and no other entry', () => {
  let left = 0;
  for (const { shader } of buildShaders()) {
    const declared = [...shader.code.matchAll(/\bfn (\w+)\(/g)].map(([, name]) => name!);
    for (const entry of Object.keys(shader.entries)) {
      const text = reachable(shader.code, entry);
      const kept = new Set([...text.matchAll(/\bfn (\w+)\(/g)].map(([, name]) => name!));
      expect([...kept].filter((name) => name in shader.entries), `${shader.name}.${entry}`).toEqual([entry]);
      const called = declared.filter((name) => new RegExp(`(?<!fn )\\b${name}\\(`).test(text.replace(/\/\/.*/g, '')));
      expect(called.filter((name) => !kept.has(name)), `${shader.name}.${entry}`).toEqual([]);
      left += declared.length - kept.size;
    }
  }
  expect(left).toBeGreaterThan(100);
});
