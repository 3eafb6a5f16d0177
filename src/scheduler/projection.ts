// The projection of a layer (Sak et al. 2014; PyTorch's proj_size), one more product a step: the state is p[t] = W_hr·m[t], of P
// features, m[t] being what the cell makes. For the cell's own kernel the array of m stands where h would.
import type { Cell, CellConstants, StepDispatch, StepGradients } from '../cells/cell.ts';
import { allocateProxy, subslice, type BufferProxy, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { matmul, matrix, type Matrix } from '../kernels/matmul.ts';
import { maskProjection, projectionGradient, type ProjectedStep } from '../kernels/projection.ts';
import type { LayerExtents, LayerHistory } from './history.ts';

/** What h and its mask are to the cell's kernel. */
export function cellBuffers({ made, h, mask, masked }: LayerHistory): Pick<StepDispatch['buffers'], 'h' | 'masked'> {
  return made ? { h: made, masked: mask ? masked : h } : { h, masked };
}

/** The cell's constants, less those of what a projected layer does behind it. */
export function cellConstants(constants: CellConstants, { made }: LayerHistory): CellConstants {
  if (!made) return constants;
  const { ZONEOUT_H: _, RECURRENT_DROPOUT: __, TRACE: ___, ...own } = constants;
  return { ...own, PROJECTED: 1 };
}

/** Those of them that the projection has. */
function maskConstants({ ZONEOUT_H, RECURRENT_DROPOUT, TRAINING }: CellConstants): Record<string, number> {
  return {
    ...(ZONEOUT_H !== undefined && { ZONEOUT_H }),
    ...(RECURRENT_DROPOUT !== undefined && { RECURRENT_DROPOUT }),
    ...(TRAINING !== undefined && { TRAINING }),
  };
}

/** The time at which a direction takes a step. */
const timeOf = ({ timeSteps, reverse }: LayerExtents, direction: number, step: number): number => (reverse || direction === 1 ? timeSteps - 1 - step : step);

/** A direction's rows of one slot or time of an array [.., N, D*width]. */
function rowsOf(array: Slice, { batchSize, directions }: LayerExtents, at: number, direction: number, width: number): Matrix {
  const stride = directions * width;
  return { slice: subslice(array, at * batchSize * stride + direction * width, [batchSize * stride - direction * width]), rows: batchSize, columns: width, stride };
}

/** Record p of a step from m, with zoneout and the mask of the next step's product. */
export function projectState(recording: Recording, cell: Cell, history: LayerHistory, weight_hr: readonly Slice[], step: number): void {
  const { made, h, masked, lengths, hiddenSize, features, directions } = history;
  for (let d = 0; d < directions; d++) {
    const slot = timeOf(history, d, step) + 1;
    matmul(recording, {
      form: 'nt',
      a: rowsOf(made!, history, slot, d, hiddenSize),
      b: matrix(weight_hr[d]!, features, hiddenSize),
      c: rowsOf(h, history, slot, d, features),
    });
  }
  const constants = maskConstants(cell.constants);
  if (constants.ZONEOUT_H !== undefined || constants.RECURRENT_DROPOUT !== undefined) {
    maskProjection(recording, projectedStep(history, step), constants, { h, masked, lengths });
  }
}

function projectedStep({ timeSteps, batchSize, features, directions, reverse, stream }: LayerHistory, step: number, output?: StepDispatch['params']): ProjectedStep {
  return {
    step, timeSteps, batchSize, features, directions, reverse: Number(reverse), stream,
    d_output_columns: output?.d_output_columns ?? 0, d_output_direction: output?.d_output_direction ?? 0, d_output_scale: output?.d_output_scale ?? 0,
  };
}

/** What BPTT through a projection needs. */
export interface ProjectionGradients {
  /** [D,N,P] W_hhᵀ times the gate gradients one step on. */ readonly product: Slice;
  /** [T,N,D*P] dL/dp of every step. */ readonly dProjected: Slice;
  /** [D,N,H] dL/dm of the step at hand. */ readonly dMade: Slice;
}

export function allocateProjectionGradients(name: string, { timeSteps, batchSize, hiddenSize, features, directions }: LayerExtents): ProjectionGradients {
  const array = (what: string, shape: readonly number[]): Slice => allocateProxy(`${name}.${what}`, shape, 'activations');
  return {
    product: array('product', [directions, batchSize, features]),
    dProjected: array('d_projected', [timeSteps, batchSize, directions * features]),
    dMade: array('d_made', [directions, batchSize, hiddenSize]),
  };
}

export const projectionBuffers = ({ product, dProjected, dMade }: ProjectionGradients): BufferProxy[] => [product, dProjected, dMade].map((s) => s.buffer);

/**
 * Record dMade of a step from all that arrives at p[t]. `products` gives, for a time and a direction, gate gradients [N, R*H] and their rows of weight_hh [R*H, P],
 * run by run.
 * @returns the gradients as the cell's own step has them: dMade is all that reaches what it makes
 */
export function projectionStepGradient(
  recording: Recording, cell: Cell, history: LayerHistory, weight_hr: readonly Slice[], dispatch: StepDispatch,
  gradients: StepGradients & { readonly projection: ProjectionGradients },
  products: (time: number, direction: number) => readonly { readonly d: Matrix; readonly weight: Matrix }[],
): StepGradients {
  const { timeSteps, batchSize, hiddenSize, features, directions, lengths, continued } = history;
  const { product, dProjected, dMade } = gradients.projection;
  const { step } = dispatch.params;
  const part = (array: Slice, d: number, width: number): Matrix => matrix(subslice(array, d * batchSize * width, [batchSize, width]), batchSize, width);
  const follows = continued || step + 1 < timeSteps;
  if (!follows) recording.clear(product);
  for (let d = 0; d < directions && follows; d++) {
    products(timeOf(history, d, step + 1), d).forEach((run, i) => {
      matmul(recording, { form: 'nn', a: run.d, b: run.weight, c: part(product, d, features), accumulate: i > 0 });
    });
  }
  const { TRACE } = cell.constants;
  projectionGradient(
    recording, projectedStep(history, step, dispatch.params), { ...maskConstants(cell.constants), ...(TRACE !== undefined && { TRACE }) },
    { product, dOutput: gradients.dOutput, dHidden: gradients.dHidden, dProjected, lengths },
  );
  for (let d = 0; d < directions; d++) {
    matmul(recording, {
      form: 'nn',
      a: rowsOf(dProjected, history, timeOf(history, d, step), d, features),
      b: matrix(weight_hr[d]!, features, hiddenSize),
      c: part(dMade, d, hiddenSize),
    });
  }
  return { ...gradients, dHidden: dMade };
}

/** Record dW_hr [P,H] += Σ_t dpᵀ[t]·m[t] of each direction, all steps at once. */
export function projectionWeightGradients(recording: Recording, history: LayerHistory, { dProjected }: ProjectionGradients, into: readonly Slice[]): void {
  const { timeSteps, batchSize, hiddenSize, features, directions, made } = history;
  const rows = timeSteps * batchSize;
  const all = (array: Slice, first: number, direction: number, width: number): Matrix => {
    const stride = directions * width;
    return { slice: subslice(array, first * batchSize * stride + direction * width, [rows * stride - direction * width]), rows, columns: width, stride };
  };
  into.forEach((gradient, d) => {
    matmul(recording, {
      form: 'tn',
      a: all(dProjected, 0, d, features),
      b: all(made!, 1, d, hiddenSize),
      c: matrix(gradient, features, hiddenSize),
      accumulate: true,
    });
  });
}
