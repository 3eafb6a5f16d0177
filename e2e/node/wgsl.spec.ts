// The shader pipeline on small texts: what it makes, and what its errors say.

import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'playwright/test';
import { createServer } from 'vite';
import { unroll, unrollLines } from '../../src/shader_text/unroll.ts';
import { buildShader, buildShaders } from '../../src/wgsl/build.ts';
import { declaration, declarationPath, writeDeclaration } from '../../src/wgsl/declare.ts';
import { expand } from '../../src/wgsl/expand.ts';
import { shaderModule, withoutComments } from '../../src/wgsl/module.ts';
import { wgsl } from '../../src/wgsl/plugin.ts';
import type { Shader } from '../../src/wgsl/types.ts';
import { load } from '../engine.ts';

let folder = '';

test.beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'unfold-wgsl-'));
});
test.afterEach(() => rmSync(folder, { recursive: true }));

/** Writes files, `lib/name.wgsl` among them, and gives the path of the first. */
function files(texts: Readonly<Record<string, string>>): string {
  for (const [name, text] of Object.entries(texts)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  return path.join(folder, Object.keys(texts)[0] ?? '');
}

const library = (): string => path.join(folder, 'lib');
const build = (text: string): Shader => buildShader(files({ 'unit.wgsl': text }), library()).shader;
const ENTRY = '@compute @workgroup_size(1) fn main() {}';

test.describe('#unroll', () => {
  const lines = (code: string, constants?: Record<string, number>): string[] => unroll(code, constants).split('\n');

  test('nested blocks lose their braces and go to the column of their directive', () => {
    expect(lines(`const ROWS = 2u;
fn f() {
  #unroll m in 0..ROWS {
    let a_$m = load(row_$m + k);
    if (a_$m > 0) {
      x = $m;
    }
    #unroll q in 1..3 { acc_$m_$q += a_$m.x * b0_$q; }
  } // done
}`)).toEqual(`const ROWS = 2u;
fn f() {
  let a_0 = load(row_0 + k);
  if (a_0 > 0) {
    x = 0;
  }
  acc_0_1 += a_0.x * b0_1;
  acc_0_2 += a_0.x * b0_2;
  let a_1 = load(row_1 + k);
  if (a_1 > 0) {
    x = 1;
  }
  acc_1_1 += a_1.x * b0_1;
  acc_1_2 += a_1.x * b0_2;
 // done
}`.split('\n'));
  });

  test('every line knows the line it came from', () => {
    expect(unrollLines('a\n#unroll i in 0..2 {\n  b$i\n}\nc')).toEqual([
      { text: 'a', line: 1 }, { text: 'b0', line: 3 }, { text: 'b1', line: 3 }, { text: 'c', line: 5 },
    ]);
  });

  test('text without a directive stays as it is', () => {
    const code = '  a { b }\r\n\n// c }}\n';
    expect(unroll(code)).toBe(code);
  });

  test('a name ends where the variable ends, and the longer of two wins', () => {
    expect(lines('#unroll m in 3..4 { #unroll mm in 7..8 { $m $mm $m_x$mm_ $max } }')).toEqual(['3 7 3_x7_ 3ax']);
  });

  test('an empty range gives nothing', () => {
    expect(lines('a\n#unroll i in 2..2 { b }\nc')).toEqual(['a', 'c']);
  });

  for (const [bounds, count] of [
    ['0..ROWS * 4', 8], ['0..ROWS*QUADS', 6], ['ROWS..ROWS + 3', 3], ['0..(TILE + 3) / 4', 4], ['0..TILE / 4', 3], ['0..DERIVED', 5],
    ['0..TILE - ROWS - 1', 10], ['1u..4u', 3],
  ] as const) {
    test(`bounds ${bounds} run ${count} times`, () => {
      const code = `const ROWS = 2u;\nconst QUADS: i32 = 3;\nconst TILE = 13i;\nconst DERIVED = ROWS + QUADS;\n#unroll i in ${bounds} { x }`;
      expect(lines(code).filter((line) => line === 'x')).toHaveLength(count);
    });
  }

  test('braces and directives in comments are no code', () => {
    expect(lines(`// #unroll m in 0..2 { and $m
#unroll i in 0..2 {
  a$i // } $i
  /* { /* nested } */
     $i } */ b$i
}`)).toEqual(['// #unroll m in 0..2 { and $m', 'a0 // } 0', '/* { /* nested } */', '   0 } */ b0', 'a1 // } 1', '/* { /* nested } */', '   1 } */ b1']);
  });

  test('a constant changes a bound and keeps its suffix', () => {
    const code = 'const ROWS = 2u;\nconst N: i32 = -4i;\nconst S = 1.5f;\nconst P = 3;\nconst F = 2.0;\n#unroll i in 0..ROWS { x$i }';
    expect(lines(code, { ROWS: 1, N: -7, S: 2, P: 9, F: 4 }))
      .toEqual(['const ROWS = 1u;', 'const N: i32 = -7i;', 'const S = 2f;', 'const P = 9;', 'const F = 4.0;', 'x0']);
  });

  for (const [what, code, message] of [
    ['an unknown constant in a bound', 'a\n#unroll i in 0..MANY { x }', 'Line 2: bound `MANY`: the shader declares no `const MANY`'],
    ['a variable in a bound', '#unroll i in 0..count { x }', 'Line 1: bound `count`: `count` is not a constant in capitals'],
    ['a bound that ends too early', '#unroll i in 0..2 * { x }', 'Line 1: bound `2 *`: it ends too early'],
    ['a bound of two numbers', '#unroll i in 0..2 3 { x }', 'Line 1: bound `2 3`: `3` is not expected'],
    ['a bound with an open bracket', '#unroll i in 0..(2 { x }', 'Line 1: bound `(2`: a bracket is not closed'],
    ['a division by zero', '#unroll i in 0..4/0 { x }', 'it divides by zero'],
    ['a constant of itself', 'const A = B;\nconst B = A;\n#unroll i in 0..A { x }', 'is declared by itself'],
    ['a backward range', '#unroll i in 3..1 { x }', 'Line 1: #unroll i in 3..1 runs backwards, 3 to 1'],
    ['a missing brace', 'a\n\n#unroll i in 0..2 { x {\n}\n', 'Line 3: the block of this #unroll is not closed; a } is missing'],
    ['a brace too many', 'a\n#unroll i in 0..2 { x }\n}\n', 'Line 3: this } closes nothing'],
    ['a header without a brace', '#unroll i in 0..2\n{ x }', 'Line 1: got `#unroll i in 0..2`, expected `#unroll name in FROM..TO {`'],
    ['an unknown variable', '#unroll i in 0..2 {\n  $j\n}', 'Line 2: $j is no variable of an enclosing #unroll (i)'],
    ['a variable outside', '$i', 'Line 1: $i is no variable of an enclosing #unroll (there is none)'],
    ['a variable used twice', '#unroll i in 0..2 {\n#unroll i in 0..2 { x }\n}', 'Line 2: #unroll i is inside another of the same name'],
    ['too many lines', '#unroll i in 0..200 { #unroll j in 0..101 { x } }', 'Line 1: the unrolled shader exceeds 20000 lines'],
  ] as const) {
    test(`error: ${what}`, () => {
      expect(() => unroll(code)).toThrow(message);
    });
  }

  test('a range that fills the limit to the line is allowed', () => {
    expect(lines('#unroll i in 0..200 { #unroll j in 0..100 { x } }')).toHaveLength(20_000);
  });

  for (const [what, code, constants, message] of [
    ['a constant that is not there', 'const ROWS = 2u;', { COLUMNS: 1 }, 'COLUMNS: expected exactly one `const COLUMNS = <number>;` in the shader, found 0. Constants of this shader: ROWS.'],
    ['a constant in a comment only', '// const ROWS = 2u;', { ROWS: 1 }, 'found 0. Constants of this shader: none'],
    ['a constant declared twice', 'const A = 2u;\nfn f() { const A = 3u; }', { A: 1 }, 'found 2'],
    ['a computed constant', 'const A = 2u;\nconst B = A * 2u;', { B: 1 }, 'B: `const B = A * 2u;` is no plain number. If others compute it, replace those'],
    ['a fraction for an unsigned integer', 'const A = 2u;', { A: 1.5 }, 'A: got 1.5, expected an integer from 0 to 4294967295 (the shader declares it as 2u)'],
    ['a negative number for an unsigned integer', 'const A = 2u;', { A: -1 }, 'A: got -1, expected an integer from 0'],
    ['a number too large for i32', 'const A = 2i;', { A: 2 ** 31 }, 'expected an integer from -2147483648 to 2147483647'],
    ['NaN for a float', 'const A = 2.0f;', { A: NaN }, 'A: got NaN, expected a finite number'],
  ] as const) {
    test(`error: ${what}`, () => {
      expect(() => unroll(code, constants)).toThrow(message);
    });
  }
});

test.describe('#import', () => {
  test('a file is taken once, where it is first asked for, also when nested', () => {
    const file = files({
      'unit.wgsl': '// top\n#import b\n#import a\n// end\n',
      'lib/a.wgsl': '// a\n',
      'lib/b.wgsl': '#import a // for what it has\n// b\n',
    });
    const expanded = expand(file, library());
    expect(expanded.name).toBe('unit');
    expect(expanded.code).toBe('// top\n// a\n// b\n// end\n');
    expect(expanded.origins.map(({ file: from, line }) => `${path.basename(from)}:${line}`)).toEqual(['unit.wgsl:1', 'a.wgsl:1', 'b.wgsl:2', 'unit.wgsl:4']);
    expect(expanded.files.map((from) => path.relative(folder, from))).toEqual(['unit.wgsl', path.join('lib', 'b.wgsl'), path.join('lib', 'a.wgsl')]);
  });

  test('one in a comment is none', () => {
    expect(expand(files({ 'unit.wgsl': '/*\n#import a\n*/\n// #import b\n' }), library()).code).toBe('/*\n#import a\n*/\n// #import b\n');
  });

  for (const [what, texts, message] of [
    ['an unknown file', { 'unit.wgsl': '//\n#import gone\n' }, /unit\.wgsl:2: there is no .*lib.gone\.wgsl to #import/],
    ['a circle', { 'unit.wgsl': '#import a\n', 'lib/a.wgsl': '//\n#import b\n', 'lib/b.wgsl': '#import a\n' }, /b\.wgsl:1: the imports go round in a circle: a → b → a/],
    ['a file that imports itself', { 'unit.wgsl': '#import a\n', 'lib/a.wgsl': '//\n#import a\n' }, /a\.wgsl:2: .* a → a/],
    ['another directive', { 'unit.wgsl': '#ifdef A\n' }, /unit\.wgsl:1: got `#ifdef A`, expected `#import name`/],
    ['a quoted name', { 'unit.wgsl': '#import "a"\n' }, /unit\.wgsl:1: got `#import "a"`/],
    ['a library file as a shader', { 'lib/a.wgsl': ENTRY }, /a\.wgsl:1: this file is text to #import, never a shader of its own/],
  ] as const) {
    test(`error: ${what}`, () => {
      const file = files(texts);
      expect(() => buildShader(file, library())).toThrow(message);
    });
  }

  test('error: a shader that is not there', () => {
    expect(() => buildShader(path.join(folder, 'none.wgsl'), library())).toThrow(/none\.wgsl:1: this shader cannot be read/);
  });
});

test.describe('reflection', () => {
  const SOURCE = `
const TILE = 8u;
const WIDE = TILE * 2u;
const RATE: f32 = 1.5e-3;
const SHIFT = -3i;
struct Params { rows: u32, rate: f32, last: i32, @align(16) tail: u32 }
@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(5) var<storage, read> a: array<vec4<f32>>;
@group(0) @binding(2) var<storage, read_write> b: array<f32>;
@group(0) @binding(3) var<storage, read_write> c: array<atomic<u32>>;
@group(0) @binding(4) var<storage> unused: array<f32>;
var<workgroup> tile: array<f32, WIDE>;
@compute @workgroup_size(WIDE, 2) fn forward(@builtin(global_invocation_id) id: vec3u) {
  b[id.x] = deep(id.x) + by_parameter(id.x);
}
fn deep(i: u32) -> f32 { let p = &a[i]; return deeper(i) + (*p).y; }
fn deeper(i: u32) -> f32 { const INNER = 4u; return f32(INNER) + shape(i).params; }
struct Shape { params: f32 }
fn shape(i: u32) -> Shape { return Shape(1.0); /* unused[i] */ }
fn by_parameter(unused: u32) -> f32 { return f32(unused); }
@compute @workgroup_size(64) fn backward() {
  switch params.rows { case 0u, 1u: { b[0] = 1.0; } default: { while in_a_while() { break; } } }
}
fn in_a_while() -> bool { return atomicLoad(&c[0]) > 1u; }
@compute @workgroup_size(1, 2, 3) fn nothing() { #unroll i in 0..2 { let x$i = $iu; } }
`;

  test('an entry has what it reaches, through calls and headers, and no more', () => {
    const { entries } = build(SOURCE);
    expect(Object.keys(entries)).toEqual(['forward', 'backward', 'nothing']);
    expect(entries['forward']?.bindings).toEqual([
      { name: 'b', binding: 2, kind: 'storage' },
      { name: 'a', binding: 5, kind: 'read-only-storage' },
    ]);
    expect(entries['forward']?.params).toBeNull();
    expect(entries['backward']?.bindings.map(({ name }) => name)).toEqual(['b', 'c']);
    expect(entries['nothing']?.bindings).toEqual([]);
  });

  test('params have WGSL\'s offsets and size', () => {
    expect(build(SOURCE).entries['backward']?.params).toEqual({
      binding: 0,
      bytes: 32,
      fields: [
        { name: 'rows', offset: 0, type: 'u32' },
        { name: 'rate', offset: 4, type: 'f32' },
        { name: 'last', offset: 8, type: 'i32' },
        { name: 'tail', offset: 16, type: 'u32' },
      ],
    });
  });

  test('workgroup sizes and literal module constants are numbers', () => {
    const { constants, entries, code } = build(SOURCE);
    expect(constants).toEqual({ TILE: 8, RATE: 0.0015, SHIFT: -3 });
    expect(Object.values(entries).map(({ workgroupSize }) => workgroupSize)).toEqual([[16, 2, 1], [64, 1, 1], [1, 2, 3]]);
    expect(code).toContain('#unroll i in 0..2');
  });

  for (const [what, text, message] of [
    ['a syntax error', '//\nfn f() {\n  let = 1;\n}\n', /unit\.wgsl:3: .*`let = 1;`/],
    ['a syntax error behind an unrolled block', `${ENTRY}\nfn f() {\n  #unroll i in 0..9 { let a$i = 1; }\n  let = 2;\n}\n`, /unit\.wgsl:4: .*`let = 2;`/],
    ['a mistake in an #unroll', '//\n#unroll i in 0..N { }\n', /unit\.wgsl:2: bound `N`/],
    ['no entry point', 'fn f() {}\n', /unit\.wgsl:1: there is no @compute entry point/],
    ['another group', `${ENTRY}\n@group(1) @binding(0) var<storage> a: array<f32>;\n`, /unit\.wgsl:2: `a` is in @group\(1\)/],
    ['another uniform', `${ENTRY}\nstruct S { a: u32 }\n@group(0) @binding(0) var<uniform> settings: S;\n`, /unit\.wgsl:3: the uniform is named `settings`.*named `params`/],
    ['a uniform that is no struct', `@group(0) @binding(0) var<uniform> params: vec4<u32>;\n@compute @workgroup_size(1) fn main() { _ = params; }`, /unit\.wgsl:1: `params` is no struct/],
    ['a vector in params', 'struct P {\n a: u32, b: vec2<f32> }\n@group(0) @binding(0) var<uniform> params: P;\n@compute @workgroup_size(1) fn main() { let x = params.b; }', /unit\.wgsl:3: params\.b is vec2f; its members may be u32, i32, f32 only/],
    ['a texture', `${ENTRY}\n@group(0) @binding(0) var t: texture_2d<f32>;\n`, /unit\.wgsl:2: `t` is a texture/],
    ['one number for two bindings', '@group(0) @binding(1) var<storage> a: array<f32>;\n@group(0) @binding(1) var<storage> b: array<f32>;\n@compute @workgroup_size(1) fn main() { let x = a[0] + b[0]; }', /unit\.wgsl:2: main reaches `a` and `b`, both @binding\(1\)/],
    ['a local that hides a binding', '@group(0) @binding(1) var<storage> a: array<f32>;\n@compute @workgroup_size(1) fn main() { let x = a[0]; { let a = 1; } }', /unit\.wgsl:2: main declares a local `a`, which hides the binding/],
  ] as const) {
    test(`error: ${what}`, () => {
      expect(() => build(text)).toThrow(message);
    });
  }

  test('an error in an imported file names that file', () => {
    const file = files({ 'unit.wgsl': `#import broken\n${ENTRY}\n`, 'lib/broken.wgsl': '//\nfn f( {}\n' });
    expect(() => buildShader(file, library())).toThrow(/lib.broken\.wgsl:2: /);
  });

  test('one number for two bindings of different entries is no mistake', () => {
    const { entries } = build('@group(0) @binding(1) var<storage> a: array<f32>;\n@group(0) @binding(1) var<storage> b: array<f32>;\n' +
      '@compute @workgroup_size(1) fn one() { let x = a[0]; }\n@compute @workgroup_size(1) fn two() { let x = b[0]; }');
    expect([entries['one']?.bindings[0]?.name, entries['two']?.bindings[0]?.name]).toEqual(['a', 'b']);
  });

  test('error: two shaders of one name', () => {
    files({ 'ops/unit.wgsl': ENTRY, 'cells/unit.wgsl': ENTRY, 'lib/unit.wgsl': '' });
    expect(() => buildShaders(folder)).toThrow(/^Two shaders are named unit: .*cells.unit\.wgsl and .*ops.unit\.wgsl/);
  });
});

test.describe('declarations', () => {
  const SHADER: Shader = {
    name: 'unit', code: '', constants: { TILE: 8, ROWS: 2 },
    entries: {
      forward: {
        name: 'forward', workgroupSize: [1, 1, 1],
        bindings: [{ name: 'a', binding: 1, kind: 'storage' }, { name: 'b', binding: 2, kind: 'storage' }],
        params: { binding: 0, bytes: 4, fields: [{ name: 'rows', offset: 0, type: 'u32' }] },
      },
      nothing: { name: 'nothing', workgroupSize: [1, 1, 1], bindings: [], params: null },
    },
  };

  test('name entries, bindings, params and constants', () => {
    expect(declaration('/p/shaders/ops/unit.wgsl', SHADER, '/p/src/wgsl/types.ts')).toBe(`// Written from unit.wgsl by the build.
import type { Shader } from '../../src/wgsl/types.ts';

declare const shader: Shader<{
  readonly forward: {
    readonly bindings: 'a' | 'b';
    readonly params: 'rows';
  };
  readonly nothing: {
    readonly bindings: never;
    readonly params: never;
  };
}, 'TILE' | 'ROWS'>;
export default shader;
`);
    expect(declaration('/p/src/wgsl/unit.wgsl', { ...SHADER, constants: {} }, '/p/src/wgsl/types.ts')).toMatch(/from '\.\/types\.ts'[^]*}, never>/);
  });

  test('are written when they differ, and only then', () => {
    const file = files({ 'unit.wgsl': ENTRY });
    writeDeclaration(file, SHADER);
    const target = declarationPath(file);
    expect(path.basename(target)).toBe('unit.d.wgsl.ts');
    const text = readFileSync(target, 'utf8');
    writeFileSync(target, `${text} `);
    writeDeclaration(file, SHADER);
    expect(readFileSync(target, 'utf8')).toBe(text);
    utimesSync(target, 0, 0);
    writeDeclaration(file, SHADER);
    expect(statSync(target).mtimeMs).toBe(0);
  });
});

test('the Vite plugin gives the shader, its declaration, and takes up a changed library file', async () => {
  const file = files({ 'unit.wgsl': `#import part\n${ENTRY}\n`, 'lib/part.wgsl': 'const PART = 1u;\n' });
  const server = await createServer({
    root: folder, configFile: false, logLevel: 'silent', cacheDir: path.join(folder, 'cache'),
    plugins: [wgsl(library())], optimizeDeps: { noDiscovery: true },
    server: { middlewareMode: true, ws: false, watch: null },
  });
  try {
    const code = async (): Promise<string> => (await server.ssrLoadModule('/unit.wgsl') as { default: Shader }).default.code;
    expect(await code()).toBe(`const PART = 1u;\n${ENTRY}\n`);
    expect(existsSync(declarationPath(file))).toBe(true);
    const part = path.join(library(), 'part.wgsl');
    writeFileSync(part, 'const PART = 2u;\n');
    server.watcher.emit('change', part);
    await expect.poll(code).toBe(`const PART = 2u;\n${ENTRY}\n`);
  } finally {
    await server.close();
  }
});

test.describe('a shader as a module', () => {
  const moduleOf = (texts: Readonly<Record<string, string>>): string => {
    const { expanded, shader } = buildShader(files(texts), library());
    return shaderModule(expanded, shader);
  };

  test('its text is that of the build without comments and blank lines, whichever library files it is put together from', async () => {
    for (const { file, shader } of buildShaders()) {
      const loaded = await load<{ default: Shader }>(file);
      expect(loaded.default, shader.name).toEqual({ ...shader, code: withoutComments(shader.code) });
    }
  });

  test('comments end where they end', () => {
    expect(withoutComments('// a\nlet b = 1; // c\n\n/* d\n/* e */ */ let f = 2;\n')).toBe(`let b = 1;\n${' '.repeat(11)}let f = 2;\n`);
  });

  test('a library file is imported once, before the shader\'s own text', () => {
    expect(moduleOf({ 'unit.wgsl': `// u\n#import a\n#import b\n${ENTRY}\n`, 'lib/a.wgsl': '#import b\nconst A = 1u; // a\n', 'lib/b.wgsl': 'const B = 2u;\n' })).toBe(
      "import text0 from \"./lib/b.wgsl?text\";\nimport text1 from \"./lib/a.wgsl?text\";\nexport default {\n  name: \"unit\",\n" +
      `  code: text0 + text1 + ${JSON.stringify(`${ENTRY}\n`)},\n  constants: {"B":2,"A":1},\n` +
      '  entries: {"main":{"name":"main","workgroupSize":[1,1,1],"bindings":[],"params":null}},\n};\n');
  });

  test('code before an #import is refused', () => {
    expect(() => moduleOf({ 'unit.wgsl': `${ENTRY}\n#import a\n`, 'lib/a.wgsl': 'const A = 1u;\n' })).toThrow(/lib\/a\.wgsl:1: unit\.wgsl has code before the #import/);
    expect(() => moduleOf({ 'unit.wgsl': `#import a\n${ENTRY}\n`, 'lib/a.wgsl': 'const A = 1u;\n#import b\nconst C = 1u;\n', 'lib/b.wgsl': 'const B = 2u;\n' }))
      .toThrow(/lib\/a\.wgsl:3: there is code before an #import of this file/);
  });
});
