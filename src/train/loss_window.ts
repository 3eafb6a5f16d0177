// A loss over a window as arrays and dispatches: which of the three, what it needs besides the values, where the results go.
import { checkOptions } from '../checks/options.ts';
import { among, flag, numbers, wholeNumber } from '../checks/values.ts';
import { allocateProxy, type BufferProxy, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { allocateLossArrays, binaryCrossEntropy, meanSquaredError, weightedCrossEntropy, type LossArrays } from '../kernels/loss_weighted.ts';

export type LossName = 'cross_entropy' | 'mean_squared_error' | 'binary_cross_entropy';

export interface LossOptions {
  /** Softmax cross-entropy of logits against tokens; (prediction - target)²; or cross-entropy of logits against targets from 0 to 1. */
  readonly loss: LossName;
  /** T */ readonly timeSteps: number;
  /** N */ readonly batchSize: number;
  /** F: values a row; for cross_entropy the classes, V. */ readonly features: number;
  /** Mean over every step, or over each row's own last step only (many-to-one). Default 'every'. */
  readonly at?: 'every' | 'last';
  /** Rows take `weights` [T,N]; 0 masks one out. Default false. */ readonly weighted?: boolean;
  /** Rows may be shorter than T, and take `lengths` [N]. Default false. */ readonly ragged?: boolean;
  /** [V] for cross_entropy: a row counts by its target's class. */ readonly classWeights?: ArrayLike<number>;
  /** [F] for binary_cross_entropy: how much a positive target counts (PyTorch's pos_weight). */ readonly positiveWeight?: ArrayLike<number>;
}

export class LossWindow {
  readonly options: LossOptions;
  /** [T,N] tokens, or [T,N,F] */ readonly targets: Slice;
  /** [T,N] */ readonly weights: Slice | null;
  /** [N] */ readonly lengths: Slice | null;
  readonly arrays: LossArrays;
  /** [V] class weights or [F] positive weights, and what to write there once they are allocated. */
  readonly perFeature: { readonly slice: Slice; readonly values: () => Float32Array } | null;

  /** @throws RangeError for sizes that are no positive whole numbers, and for weights that are negative, not finite, or of another loss */
  constructor(options: LossOptions) {
    checkOptions(options, 'createLoss', {
      loss: among('cross_entropy', 'mean_squared_error', 'binary_cross_entropy'), timeSteps: wholeNumber, batchSize: wholeNumber, features: wholeNumber,
      at: among('every', 'last'), weighted: flag, ragged: flag, classWeights: numbers, positiveWeight: numbers,
    }, ['loss', 'timeSteps', 'batchSize', 'features']);
    const { loss, timeSteps, batchSize, features, weighted = false, ragged = false, classWeights, positiveWeight } = options;
    if (classWeights && loss !== 'cross_entropy') throw new RangeError(`classWeights belong to cross_entropy; ${loss} weighs rows: weighted: true`);
    if (positiveWeight && loss !== 'binary_cross_entropy') throw new RangeError(`positiveWeight belongs to binary_cross_entropy, not to ${loss}`);
    this.options = options;
    this.targets = allocateProxy('targets', loss === 'cross_entropy' ? [timeSteps, batchSize] : [timeSteps, batchSize, features], 'input');
    this.weights = weighted ? allocateProxy('loss weights', [timeSteps, batchSize], 'input') : null;
    this.lengths = ragged ? allocateProxy('loss lengths', [batchSize], 'input') : null;
    this.arrays = allocateLossArrays({ timeSteps, batchSize });
    const perFeature = (name: string, values: () => Float32Array) => ({ slice: allocateProxy(name, [features], 'input'), values });
    const given = (name: string, values: ArrayLike<number>) => {
      const checked = nonNegative(values, name, features);
      return perFeature(name, () => checked);
    };
    if (classWeights) this.perFeature = given('classWeights', classWeights);
    else if (positiveWeight) this.perFeature = given('positiveWeight', positiveWeight);
    else if (loss === 'binary_cross_entropy') this.perFeature = perFeature('positiveWeight', () => new Float32Array(features).fill(1));
    else this.perFeature = null;
  }

  /** Record the loss of `values` [T,N,F], which become its gradient. */
  record(recording: Recording, values: Slice): void {
    const { loss, timeSteps, batchSize, features, at = 'every' } = this.options;
    const { targets, arrays } = this;
    const rows = { timeSteps, batchSize, last: at === 'last', weights: this.weights ?? undefined, lengths: this.lengths ?? undefined };
    if (loss === 'cross_entropy') {
      weightedCrossEntropy(recording, rows, arrays, { logits: values, targets, vocabulary: features, classWeights: this.perFeature?.slice });
    } else if (loss === 'mean_squared_error') {
      meanSquaredError(recording, rows, arrays, { values, targets, features });
    } else {
      binaryCrossEntropy(recording, rows, arrays, { values, targets, features, positiveWeight: this.perFeature!.slice });
    }
  }

  get buffers(): BufferProxy[] {
    return [this.targets, this.weights, this.lengths, this.perFeature?.slice, ...Object.values(this.arrays)].flatMap((s) => (s ? [s.buffer] : []));
  }
}

/** Numbers from 0, as many as `count`. */
export function nonNegative(values: ArrayLike<number>, name: string, count: number): Float32Array<ArrayBuffer> {
  if (values.length !== count) throw new RangeError(`${name} needs ${count} numbers; ${values.length} were given`);
  const checked = Float32Array.from(values);
  const bad = checked.findIndex((x) => !(Number.isFinite(x) && x >= 0));
  if (bad >= 0) throw new RangeError(`${name}[${bad}] is ${values[bad]}; it must be a finite number of at least 0`);
  return checked;
}
