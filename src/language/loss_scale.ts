// The options of loss scaling.
import { MOST_LOSS_SCALE } from '../kernels/loss_scale.ts';
import { fields } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { wholeNumber } from '../checks/values.ts';
import type { LanguageModel } from './language_model.ts';

export interface LossScaleOptions {
  /** A power of two. Default 2^15. */ readonly initial?: number;
  /** Steps without an overflow after which the scale doubles. Default 2000. */ readonly growthInterval?: number;
}

/** The options with their defaults. @throws RangeError where a model in f32 has no use for them */
export function checkLossScale(model: LanguageModel, given: LossScaleOptions | undefined): { readonly initial: number; readonly growthInterval: number } {
  const { initial = 2 ** 15, growthInterval = 2000 } = given ?? {};
  if (given && model.precision === 'f32') throw new RangeError("lossScale is of models in precision 'f16', and this one is in 'f32': leave it out, or make the model with precision: 'f16'");
  return { initial, growthInterval };
}

/** What the options of loss scaling must be. */
export const isLossScale = fields<LossScaleOptions>('lossScale', { initial: powerOfTwo, growthInterval: wholeNumber }, []);

function powerOfTwo(scale: number, name: string): void {
  if (!(typeof scale === 'number' && scale >= 1 && scale <= MOST_LOSS_SCALE && Number.isInteger(Math.log2(scale)))) {
    throw new RangeError(`${name} must be a power of two from 1 to 2^${Math.log2(MOST_LOSS_SCALE)}, such as 2 ** 15; ${shown(scale)} was given`);
  }
}
