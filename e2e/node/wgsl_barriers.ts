// Looks for missing barriers by wgsl_reflect's `detectRaces`, which runs the invocations of a workgroup in lockstep.
// It sees a barrier as a statement, in a `loop` and in a function that is called, but not in a `for` or a `while`, and
// `workgroupUniformLoad` not at all; so these are first written with what it sees, by WGSL's own definition of them.

import { detectRaces } from 'wgsl_reflect/wgsl_reflect.module.js';
import { maskComments } from '../../src/shader_text/unroll.ts';
import type { Shader } from '../../src/wgsl/types.ts';

/** What an entry point is run on. Storage may be short of what the shader would use: reads beyond it give 0. */
export interface Scenario {
  readonly params?: Readonly<Record<string, number>>;
  readonly buffers: Readonly<Record<string, Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>>>;
}

/** Races and barriers that not all invocations reach, one message a pair of lines. `text` is unrolled WGSL. */
export function barrierMistakes(text: string, shader: Shader, entryName: string, { params = {}, buffers }: Scenario): string[] {
  const entry = shader.entries[entryName];
  if (!entry) throw new Error(`${shader.name} has no entry point ${entryName}; it has ${Object.keys(shader.entries).join(', ')}.`);
  const group: Record<string, unknown> = {};
  if (entry.params) {
    const view = new DataView(new ArrayBuffer(entry.params.bytes));
    for (const { name, offset, type } of entry.params.fields) {
      const value = params[name];
      if (value === undefined) throw new Error(`The scenario of ${shader.name} ${entryName} gives no params.${name}.`);
      if (type === 'f32') view.setFloat32(offset, value, true);
      else view.setUint32(offset, value, true);
    }
    group[entry.params.binding] = { uniform: view.buffer };
  }
  for (const { name, binding } of entry.bindings) {
    const data = buffers[name];
    if (!data) throw new Error(`The scenario of ${shader.name} ${entryName} gives no buffer ${name}.`);
    group[binding] = data.slice().buffer;
  }
  const { races, errors } = detectRaces(explicitBarriers(text), entryName, [1, 1, 1], { 0: group });
  const messages = races.map(({ bufferId, a, b }) =>
    `${bufferId}: ${a.kind} in line ${a.line} and ${b.kind} in line ${b.line} have no barrier between them`);
  return [...new Set([...errors, ...messages])];
}

/** `for`, `while` and `workgroupUniformLoad` spelled out; every statement stays on its line. Comments are lost. */
export function explicitBarriers(text: string): string {
  let code = maskComments(text);
  for (let found; (found = /\b(for|while)\b/.exec(code));) {
    const bare = found[1] === 'while' && !/^\s*\(/.test(code.slice(found.index + 5));
    const open = bare ? found.index + 5 : code.indexOf('(', found.index);
    const close = bare ? code.indexOf('{', open) : closing(code, open);
    const header = code.slice(bare ? open : open + 1, close);
    const [init, condition, update] = found[1] === 'for' ? header.split(';').map((part) => part.trim()) : ['', header, ''];
    const start = code.indexOf('{', close);
    const end = closing(code, start);
    code = `${code.slice(0, found.index)}{ ${init ? `${init};` : ''} loop { ${condition ? `if (!(${condition})) { break; }` : ''}` +
      `${code.slice(start + 1, end)}${update ? ` continuing { ${update}; }` : ''} } }${code.slice(end + 1)}`;
  }
  for (let found, count = 0; (found = /\bworkgroupUniformLoad\s*\(\s*&/.exec(code)); count++) {
    const close = closing(code, code.indexOf('(', found.index));
    const loaded = code.slice(found.index + found[0].length, close);
    const statement = Math.max(...[';', '{', '}'].map((end) => code.lastIndexOf(end, found.index))) + 1;
    code = `${code.slice(0, statement)} workgroupBarrier(); let uniform_${count} = ${loaded}; workgroupBarrier();` +
      `${code.slice(statement, found.index)}uniform_${count}${code.slice(close + 1)}`;
  }
  return code;
}

/** Offset of the bracket that closes the one at `open`. */
function closing(code: string, open: number): number {
  let depth = 0;
  for (let at = open; at < code.length; at++) {
    if ('({'.includes(code[at]!)) depth++;
    else if (')}'.includes(code[at]!) && --depth === 0) return at;
  }
  throw new Error(`The bracket at offset ${open} is not closed.`);
}
