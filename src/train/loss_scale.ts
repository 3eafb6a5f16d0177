// The options of loss scaling.
import { MOST_LOSS_SCALE } from '../kernels/loss_scale.ts';
import { wholeNumber } from '../layers/checks.ts';
import type { CharacterModel } from '../layers/model.ts';
import type { TrainerOptions } from './trainer.ts';

/** @throws RangeError for a scale that is no power of two in its bounds, or that a model in f32 has no use for */
export function checkLossScale(model: CharacterModel, given: TrainerOptions['lossScale']): { readonly initial: number; readonly growEvery: number } {
  const { initial = 2 ** 15, growEvery = 2000 } = given ?? {};
  if (given && model.precision === 'f32') throw new RangeError("lossScale is of models in precision 'f16', and this one is in 'f32': leave it out, or make the model with precision: 'f16'");
  if (!(initial >= 1 && initial <= MOST_LOSS_SCALE && Number.isInteger(Math.log2(initial)))) {
    throw new RangeError(`lossScale.initial must be a power of two from 1 to 2^${Math.log2(MOST_LOSS_SCALE)}, such as 2 ** 15; ${String(initial)} was given`);
  }
  wholeNumber(growEvery, 'lossScale.growEvery');
  return { initial, growEvery };
}
