// What is said of a model whose outputs are no numbers, instead of text or of a loss.
import type { GenerativeModel } from './generative_model.ts';

/** A weight of the model, or what it makes of its weights, is not finite: it has no next character and no loss. */
export class NotFiniteModelError extends Error {
  override readonly name = 'NotFiniteModelError';
  /** The first parameter that has a weight that is not finite; null where all are. */
  readonly parameter: string | null;

  constructor(what: string, parameter: string | null) {
    const cause = parameter === null
      ? 'every weight is finite, and some are so large that activations leave the range of float32'
      : `the first weight that is not finite is in ${parameter}`;
    super(`${what}: ${cause}. Load the model from a file or a checkpoint of before, and train with a lower learning rate or a clipped gradient`);
    this.parameter = parameter;
  }
}

/** The error, by a look at the weights. */
export async function notFiniteModel(model: GenerativeModel, what: string): Promise<NotFiniteModelError> {
  const bad = (await model.tensors()).find(({ data }) => !(data as Float32Array).every(Number.isFinite));
  return new NotFiniteModelError(what, bad?.name ?? null);
}
