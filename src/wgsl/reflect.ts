// What a shader declares, as the data of types.ts. wgsl_reflect parses and lays out structs; which resources an entry
// point reaches is found here, because wgsl_reflect does not look into `switch` and `while` headers.

import { ResourceType, WgslReflect } from 'wgsl_reflect/wgsl_reflect.module.js';
import type { FunctionInfo, VariableInfo } from 'wgsl_reflect/wgsl_reflect.module.js';
import { maskComments, unrollLines } from '../shader_text/unroll.ts';
import type { SourceLine } from '../shader_text/unroll.ts';
import { ShaderError } from './expand.ts';
import type { Expanded, Origin } from './expand.ts';
import type { Binding, Entry, Field, ScalarType, Shader } from './types.ts';

const SCALARS: readonly string[] = ['u32', 'i32', 'f32'] satisfies ScalarType[];

/**
 * Reflects one compile unit with its default constants.
 *
 * @throws {ShaderError} text that does not parse, and whatever the engine's layouts cannot hold: a group other than 0,
 *   a uniform that is not the one struct `params` of scalars, textures, two bindings of one number in an entry
 */
export function reflect(expanded: Expanded): Shader {
  const { lines, module } = parse(expanded);
  const at = (line: number): Origin => originOf(expanded, lines, line);
  const text = maskComments(lines.map((line) => line.text).join('\n'));
  const lineOf = (pattern: RegExp): number => text.slice(0, Math.max(0, text.search(pattern))).split('\n').length;
  const declared = (variable: VariableInfo): Origin => at(lineOf(new RegExp(`\\bvar\\b[^;{}]*?\\b${variable.name}\\s*:`)));

  const variables = [...module.uniforms, ...module.storage];
  for (const variable of [...variables, ...module.textures, ...module.samplers]) {
    if (variable.group !== 0) {
      throw new ShaderError(declared(variable), `\`${variable.name}\` is in @group(${variable.group}); all bindings belong to @group(0).`);
    }
    if (!variables.includes(variable)) {
      throw new ShaderError(declared(variable), `\`${variable.name}\` is a texture or sampler; entries may use buffers only.`);
    }
    if (variable.resourceType === ResourceType.Uniform && variable.name !== 'params') {
      throw new ShaderError(declared(variable), `the uniform is named \`${variable.name}\`; an entry has at most one, named \`params\`.`);
    }
  }
  if (module.entry.compute.length === 0) throw new ShaderError(at(1), 'there is no @compute entry point in this shader.');

  const texts = functions(text);
  const entries: Record<string, Entry> = {};
  for (const info of module.entry.compute) {
    const reached = reachable(info, texts, variables, at).sort((a, b) => a.binding - b.binding);
    for (const [index, variable] of reached.entries()) {
      const previous = reached[index - 1];
      if (previous?.binding === variable.binding) {
        throw new ShaderError(declared(variable), `${info.name} reaches \`${previous.name}\` and \`${variable.name}\`, ` +
          `both @binding(${variable.binding}); give one of them another number.`);
      }
    }
    const params = reached.find((variable) => variable.resourceType === ResourceType.Uniform);
    entries[info.name] = {
      name: info.name,
      workgroupSize: workgroupSize(info, at),
      bindings: reached.filter((variable) => variable !== params).map(binding),
      params: params === undefined ? null : { binding: params.binding, bytes: params.size, fields: fields(params, declared(params)) },
    };
  }
  return { name: expanded.name, code: expanded.code, constants: constants(text), entries };
}

function parse(expanded: Expanded): { lines: readonly SourceLine[]; module: WgslReflect } {
  let lines: readonly SourceLine[] = [];
  try {
    lines = unrollLines(expanded.code);
  } catch (error) {
    const [, line = '1', message = String(error)] = /^Line (\d+): (.*)$/s.exec((error as Error).message) ?? [];
    throw new ShaderError(expanded.origins[Number(line) - 1] ?? expanded.origins[0]!, message);
  }
  try {
    return { lines, module: new WgslReflect(lines.map(({ text }) => text).join('\n')) };
  } catch (error) {
    const [, message = String(error), line = '1'] = /^(.*?)\.*\s*Line: (\d+)/s.exec((error as Error).message) ?? [];
    throw new ShaderError(originOf(expanded, lines, Number(line)), `${message}: \`${lines[Number(line) - 1]?.text.trim()}\``);
  }
}

/** Origin of a line, from 1, of the unrolled text. */
function originOf(expanded: Expanded, lines: readonly SourceLine[], line: number): Origin {
  return expanded.origins[(lines[line - 1]?.line ?? 1) - 1] ?? expanded.origins[0]!;
}

interface FunctionText {
  readonly line: number;
  readonly parameters: string;
  readonly body: string;
}

/** Every function of a text without comments, by name. */
function functions(text: string): Map<string, FunctionText> {
  const found = new Map<string, FunctionText>();
  for (const match of text.matchAll(/\bfn\s+(\w+)\s*\(/g)) {
    const open = text.indexOf('{', match.index);
    let depth = 0;
    let end = open;
    do {
      if (text[end] === '{') depth++;
      if (text[end] === '}') depth--;
      end++;
    } while (depth > 0 && end < text.length);
    found.set(match[1] ?? '', {
      line: text.slice(0, match.index).split('\n').length,
      parameters: text.slice(match.index + match[0].length, open),
      body: text.slice(open, end),
    });
  }
  return found;
}

/** The variables that an entry point names itself or through the functions that it calls. */
function reachable(
  entry: FunctionInfo, texts: ReadonlyMap<string, FunctionText>, variables: readonly VariableInfo[], at: (line: number) => Origin,
): VariableInfo[] {
  const reached = new Set<VariableInfo>();
  const visited = new Set<string>();
  const visit = (name: string): void => {
    const text = texts.get(name);
    if (!text || visited.has(name)) return;
    visited.add(name);
    const identifiers = new Set<string>();
    for (const [, identifier = '', call] of text.body.matchAll(/(?<![\w.]|\.\s)([A-Za-z_]\w*)\s*(\()?/g)) {
      identifiers.add(identifier);
      if (call) visit(identifier);
    }
    for (const variable of variables) {
      if (!identifiers.has(variable.name)) continue;
      // A parameter hides the binding all through the function; a local does so from some line on, which nobody should have to work out.
      if (new RegExp(`\\b${variable.name}\\s*:`).test(text.parameters)) continue;
      if (new RegExp(`\\b(?:let|const|var\\s*(?:<\\w+>)?)\\s*${variable.name}\\b`).test(text.body)) {
        throw new ShaderError(at(text.line), `${name} declares a local \`${variable.name}\`, which hides the binding of that name; rename it.`);
      }
      reached.add(variable);
    }
  };
  visit(entry.name);
  return [...reached];
}

function workgroupSize(entry: FunctionInfo, at: (line: number) => Origin): readonly [number, number, number] {
  const [x, y, z] = (entry.workgroupSize ?? [NaN, NaN, NaN]).map(Number) as [number, number, number];
  if (![x, y, z].every((extent) => Number.isInteger(extent) && extent > 0)) {
    throw new ShaderError(at(entry.startLine), `@workgroup_size of ${entry.name} is no constant; got [${[x, y, z].join(', ')}].`);
  }
  return [x, y, z];
}

function binding(variable: VariableInfo): Binding {
  return { name: variable.name, binding: variable.binding, kind: variable.access === 'read_write' ? 'storage' : 'read-only-storage' };
}

function fields(params: VariableInfo, origin: Origin): Field[] {
  const { members } = params;
  if (!members) throw new ShaderError(origin, '`params` is no struct; declare `struct Params { … }` with u32, i32 and f32 members.');
  return members.map(({ name, offset, type }) => {
    if (!SCALARS.includes(type.name)) {
      throw new ShaderError(origin, `params.${name} is ${type.getTypeName()}; its members may be ${SCALARS.join(', ')} only.`);
    }
    return { name, offset, type: type.name as ScalarType };
  });
}

/** Literal module constants in capitals. Those computed from others follow these, so they are not offered. */
function constants(text: string): Record<string, number> {
  const found: Record<string, number> = {};
  const literal = /\bconst[ \t]+([A-Z][A-Z0-9_]*)[ \t]*(?::[^=;]*)?=[ \t]*(-?[\d.][\w.]*?(?:[eE][-+]?\d+)?)[uifh]?[ \t]*;/g;
  let depth = 0;
  let start = 0;
  for (const match of text.matchAll(literal)) {
    for (const brace of text.slice(start, match.index).match(/[{}]/g) ?? []) depth += brace === '{' ? 1 : -1;
    start = match.index;
    if (depth === 0) found[match[1] ?? ''] = Number(match[2]);
  }
  return found;
}
