// A dispatch's text as the device gets it: what its entry reaches, tile constants and `#unroll` expanded, sizes folded in, f16 spelled out.
// Making it takes longer than looking for it, and a window has a dispatch a timestep: it is made once for each set of ingredients.
import type { Shader } from '../wgsl/types.ts';
import { fold } from '../shader_text/fold.ts';
import { storeHalf } from '../shader_text/half.ts';
import { boundElements } from './memory.ts';
import { reachable } from '../shader_text/reachable.ts';
import type { Dispatch } from './recording.ts';
import { unroll } from '../shader_text/unroll.ts';

/** All that a text follows from, besides the shader: the function below sees nothing else. */
interface Ingredients {
  readonly entry: string;
  readonly constants: Readonly<Record<string, number>>;
  /** Params that become literals, and elements bound to each array; none where nothing is folded. */
  readonly folded: { readonly values: readonly (readonly [string, number])[]; readonly lengths: readonly (readonly [string, number])[] } | null;
  /** Names of arrays that hold f16. */
  readonly halves: readonly string[];
}

function ingredientsOf({ entry, constants, folded, params, bindings }: Dispatch): Ingredients {
  const bound = Object.entries(bindings);
  return {
    entry,
    constants,
    folded: folded.length === 0 ? null : {
      values: folded.map((name) => [name, params[name]!] as const),
      lengths: bound.map(([name, slice]) => [name, boundElements(slice)] as const),
    },
    halves: bound.flatMap(([name, { buffer }]) => (buffer.elementBytes === 2 ? [name] : [])),
  };
}

function compose(shader: Shader, { entry, constants, folded, halves }: Ingredients): string {
  const code = extensionsOf(constants) + unroll(reachable(shader.code, entry), constants);
  if (!folded) return storeHalf(code, halves);
  const values = new Map(folded.values);
  const fields = shader.entries[entry]?.params?.fields ?? [];
  const literal = fold(code, {
    params: fields.filter(({ name }) => values.has(name)).map((field) => [field, values.get(field.name)!] as const),
    lengths: new Map(folded.lengths),
  });
  return storeHalf(literal, halves);
}

/** What the text needs before its first line. Quads share their rows, so they stay together, which the analysis cannot see. */
const extensionsOf = (constants: Readonly<Record<string, number>>): string =>
  constants.QUADS === 1 ? 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);\n' : '';

/** Texts by shader and ingredients. */
export class KernelTexts {
  readonly #texts = new Map<Shader, Map<string, string>>();

  get(dispatch: Dispatch): string {
    const { shader } = dispatch;
    let texts = this.#texts.get(shader);
    if (!texts) this.#texts.set(shader, (texts = new Map()));
    const ingredients = ingredientsOf(dispatch);
    const key = JSON.stringify(ingredients);
    let text = texts.get(key);
    if (text === undefined) texts.set(key, (text = compose(shader, ingredients)));
    return text;
  }
}
