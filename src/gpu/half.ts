// Arrays stored in f16, written into a shader's text: their declarations say so, every load of an element becomes f32 and every store
// rounds to f16. Kernels are written once, in f32, and all that they sum stays so; a kernel that binds no f16 keeps its text.
import { maskComments } from './unroll.ts';

/**
 * @param code WGSL as the device would get it, its storage arrays of f32
 * @param arrays names of the arrays that hold f16
 * @throws Error for a name that is no storage array of f32, or that a local variable takes too
 */
export function storeHalf(code: string, arrays: readonly string[]): string {
  if (arrays.length === 0) return code;
  let declared = code;
  for (const name of arrays) {
    const masked = maskComments(declared);
    const declaration = new RegExp(`(\\bvar<storage\\b[^>]*>\\s*${name}\\s*:\\s*array<\\s*)f32\\b`).exec(masked);
    if (!declaration) throw new Error(`${name} is bound to f16, and the shader has no storage array<f32> of that name`);
    if (new RegExp(`\\b(?:var|let)\\s+${name}\\b`).test(masked)) throw new Error(`${name} is bound to f16, and a local variable has its name: give one of them another`);
    const at = declaration.index + declaration[1]!.length;
    declared = `${declared.slice(0, at)}f16${declared.slice(at + 3)}`;
  }
  return `enable f16;\n${new Accesses(declared, arrays).rewrite()}`;
}

/** `x[i]` becomes `f32(x[i])`, `x[i] = v;` becomes `x[i] = f16(v);`, and `x[i] += v;` both. */
class Accesses {
  readonly #code: string;
  /** Searched; `#code` is copied. */
  readonly #masked: string;
  readonly #names: string;

  constructor(code: string, arrays: readonly string[]) {
    this.#code = code;
    this.#masked = maskComments(code);
    this.#names = arrays.join('|');
  }

  rewrite(from = 0, to = this.#code.length): string {
    // Behind a dot it is a member of the same name.
    const access = new RegExp(`(?<![\\w.])(?:${this.#names})\\s*\\[`, 'g');
    const assignment = /\s*([-+*/]?)=(?!=)\s*/y;
    let text = '';
    let at = from;
    access.lastIndex = from;
    for (let found; (found = access.exec(this.#masked)) && found.index < to; access.lastIndex = at) {
      const open = found.index + found[0].length;
      const close = this.#closing(open);
      const element = `${this.#code.slice(found.index, open)}${this.rewrite(open, close)}]`;
      text += this.#code.slice(at, found.index);
      assignment.lastIndex = close + 1;
      const assigned = assignment.exec(this.#masked);
      if (!assigned) {
        text += `f32(${element})`;
        at = close + 1;
        continue;
      }
      const end = this.#masked.indexOf(';', assignment.lastIndex);
      const value = this.rewrite(assignment.lastIndex, end);
      text += `${element} = f16(${assigned[1] ? `f32(${element}) ${assigned[1]} (${value})` : value})`;
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
