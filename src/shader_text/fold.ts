// Numbers of a dispatch written into its shader's text: params that never change become literals, and each array gets the
// length of what is bound to it. `x_vec4: array<vec4f>` is `x` again, for loads of four. The compiler then knows every stride and
// bound; on a software adapter that is worth a fifth of a kernel's time (most of it the bounds check that WebGPU adds to each load).
// The price is a pipeline for each set of numbers.
import type { Field } from '../wgsl/types.ts';
import { maskComments } from './unroll.ts';

export interface Folded {
  /** Values by param; their fields say how a literal is spelled. */
  readonly params: readonly (readonly [Field, number])[];
  /** Elements bound to each storage array, by name. */
  readonly lengths: ReadonlyMap<string, number>;
}

/**
 * @param code WGSL as the device would get it
 * @throws Error for a value that its type cannot hold
 */
export function fold(code: string, { params, lengths }: Folded): string {
  const values = new Map(params.map(([field, value]) => [field.name, spell(field, value)]));
  const masked = maskComments(code);
  let text = '';
  let from = 0;
  const interesting = /\bparams\.(\w+)\b|(\bvar<storage\b[^>]*>\s*(\w+)\s*:\s*array<\s*(?:f32|u32|vec4f))(?=\s*>)/g;
  for (const found of masked.matchAll(interesting)) {
    const [whole, param, declaration, name] = found;
    const replacement = param === undefined ? lengthened(declaration!, lengths.get(name!.replace(/_vec4$/, ''))) : values.get(param);
    if (replacement === undefined) continue;
    text += code.slice(from, found.index) + replacement;
    from = found.index + whole.length;
  }
  return text + code.slice(from);
}

/** Of fewer elements than four there is no vec4f to read, and an array has one at least: nothing reads it then. */
const lengthened = (declaration: string, length: number | undefined): string | undefined =>
  length === undefined ? undefined : `${declaration}, ${declaration.endsWith('vec4f') ? Math.max(1, Math.floor(length / 4)) : length}`;

function spell({ name, type }: Field, value: number): string {
  if (type === 'f32') {
    if (!Number.isFinite(value)) throw new Error(`the param ${name} is ${value}: only a finite number can be written into a shader`);
    return value < 0 ? `(${value}f)` : `${value}f`;
  }
  const [low, high] = type === 'u32' ? [0, 2 ** 32 - 1] : [-(2 ** 31), 2 ** 31 - 1];
  if (!Number.isInteger(value) || value < low || value > high) {
    throw new Error(`the param ${name} is ${value}: a ${type} holds whole numbers from ${low} to ${high}`);
  }
  return value < 0 ? `(${value}i)` : `${value}${type === 'u32' ? 'u' : 'i'}`;
}
