// A linear layer over all steps at once: y [T·N, O] = x [T·N, H]·Wᵀ + b, and its gradients.
import { elements, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { columnSum } from '../kernels/column_sum.ts';
import { matmul, matrix } from '../kernels/matmul.ts';

export interface LinearShape {
  readonly rows: number;
  /** H */ readonly input: number;
  /** O */ readonly output: number;
}

export interface LinearWeights {
  /** [O,H] */ readonly weight: Slice;
  /** [O] */ readonly bias: Slice;
}

/** Record y = x·Wᵀ + b. */
export function linear(recording: Recording, { rows, input, output }: LinearShape, weights: LinearWeights, x: Slice, y: Slice): void {
  matmul(recording, {
    form: 'nt',
    a: matrix(x, rows, input),
    b: matrix(weights.weight, output, input),
    c: matrix(y, rows, output),
    bias: weights.bias,
  });
}

/** Record dW += dyᵀ·x and db += Σ dy; dx = dy·W. */
export function linearBackward(
  recording: Recording,
  { rows, input, output }: LinearShape,
  weights: LinearWeights,
  gradients: LinearWeights,
  { x, dy, dx }: { x: Slice; dy: Slice; dx: Slice },
): void {
  const d = matrix(dy, rows, output);
  matmul(recording, { form: 'tn', a: d, b: matrix(x, rows, input), c: matrix(gradients.weight, output, input), accumulate: true });
  columnSum(recording, d, gradients.bias);
  if (elements(dx.shape) !== rows * input) throw new RangeError(`dx [${dx.shape}] does not hold [${rows},${input}]`);
  matmul(recording, { form: 'nn', a: d, b: matrix(weights.weight, output, input), c: matrix(dx, rows, input) });
}
