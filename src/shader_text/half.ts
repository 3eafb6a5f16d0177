// Arrays stored in f16, written into a shader's text: their declarations say so, every load of an element becomes f32 and every store
// rounds to f16. Kernels are written once, in f32, and all that they sum stays so; a kernel that binds no f16 keeps its text.
import { maskComments } from './unroll.ts';

/** What an element is in f32, and what it is stored as. */
const STORED = { f32: 'f16', vec4f: 'vec4h' } as const;
type Element = keyof typeof STORED;

/**
 * @param code WGSL as the device would get it, its storage arrays of f32 or vec4f; `x_vec4` is `x` again, for loads of four
 * @param arrays names of the arrays that hold f16
 * @throws Error for a name that is no storage array of f32 or vec4f, or that a local variable takes too
 */
export function storeHalf(code: string, arrays: readonly string[]): string {
  if (arrays.length === 0) return code;
  let declared = code;
  const elements = new Map<string, Element>();
  for (const name of arrays.flatMap((array) => [array, `${array}_vec4`])) {
    const masked = maskComments(declared);
    const declaration = new RegExp(`(\\bvar<storage\\b[^>]*>\\s*${name}\\s*:\\s*array<\\s*)(f32|vec4f)\\b`).exec(masked);
    if (!declaration) {
      if (name.endsWith('_vec4')) continue;
      throw new Error(`${name} is bound to f16, and the shader has no storage array<f32> of that name`);
    }
    if (new RegExp(`\\b(?:var|let)\\s+${name}\\b`).test(masked)) throw new Error(`${name} is bound to f16, and a local variable has its name: give one of them another`);
    const element = declaration[2] as Element;
    elements.set(name, element);
    const at = declaration.index + declaration[1]!.length;
    declared = declared.slice(0, at) + STORED[element] + declared.slice(at + element.length);
  }
  return `enable f16;\n${new Accesses(declared, elements).rewrite()}`;
}

/** `x[i]` becomes `f32(x[i])`, `x[i] = v;` becomes `x[i] = f16(v);`, and `x[i] += v;` both; of four values vec4f and vec4h. */
class Accesses {
  readonly #code: string;
  /** Searched; `#code` is copied. */
  readonly #masked: string;
  readonly #elements: ReadonlyMap<string, Element>;

  constructor(code: string, elements: ReadonlyMap<string, Element>) {
    this.#code = code;
    this.#masked = maskComments(code);
    this.#elements = elements;
  }

  rewrite(from = 0, to = this.#code.length): string {
    // Behind a dot it is a member of the same name.
    const access = new RegExp(`(?<![\\w.])(${[...this.#elements.keys()].join('|')})\\s*\\[`, 'g');
    const assignment = /\s*([-+*/]?)=(?!=)\s*/y;
    let text = '';
    let at = from;
    access.lastIndex = from;
    for (let found; (found = access.exec(this.#masked)) && found.index < to; access.lastIndex = at) {
      const open = found.index + found[0].length;
      const close = this.#closing(open);
      const wide = this.#elements.get(found[1]!)!;
      const element = `${this.#code.slice(found.index, open)}${this.rewrite(open, close)}]`;
      text += this.#code.slice(at, found.index);
      assignment.lastIndex = close + 1;
      const assigned = assignment.exec(this.#masked);
      if (!assigned) {
        text += `${wide}(${element})`;
        at = close + 1;
        continue;
      }
      const end = this.#masked.indexOf(';', assignment.lastIndex);
      const value = this.rewrite(assignment.lastIndex, end);
      text += `${element} = ${STORED[wide]}(${assigned[1] ? `${wide}(${element}) ${assigned[1]} (${value})` : value})`;
      at = end;
    }
    return text + this.#code.slice(at, to);
  }

  /** Where the bracket closes that is open before `at`. */
  #closing(at: number): number {
    for (let depth = 1, i = at; i < this.#masked.length; i++) {
      if (this.#masked[i] === '[') depth++;
      else if (this.#masked[i] === ']' && --depth === 0) return i;
    }
    throw new Error('a [ is not closed');
  }
}
