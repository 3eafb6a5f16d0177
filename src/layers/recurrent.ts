// The operator for WebGPU applications: a recurrent network with PyTorch's parameters, planned for a window, run from
// typed arrays or GPU buffers, on this engine's submits or inside the application's own command encoder.
import { CELL_OPTIONS, type CellOptions } from '../cells/activation.ts';
import type { Cell } from '../cells/cell.ts';
import { cellNamed, checkCell, type CellName } from '../cells/registry.ts';
import { checkOptions, type Checks } from '../checks/options.ts';
import { among, atLeast, finite, flag, fraction, unsignedInteger, wholeNumber } from '../checks/values.ts';
import { checkGpu, type Gpu } from '../gpu/device.ts';
import type { GpuArray } from './array.ts';
import { Module } from './module.ts';
import { Parameters } from './parameters.ts';
import { checkPrecision, isPrecision, type Precision } from './precision.ts';
import { RecurrentPlan, type PlanOptions } from './recurrent_plan.ts';
import { RecurrentStream } from './recurrent_stream.ts';
import { checkDepth } from './sizes.ts';
import { outputColumns, stackParameters, type Direction, type LayerShape, type Merge } from './stack_parameters.ts';

export interface RecurrentOptions extends CellOptions {
  readonly cell: CellName;
  /** I: features of each input element. */
  readonly inputSize: number;
  /** H: units of the cell, and features of the state. */
  readonly hiddenSize: number;
  /** L: layers, each reading the output of the one below. Default 1. */
  readonly numLayers?: number;
  /** Whether there are bias_ih and bias_hh. Default true. */
  readonly bias?: boolean;
  /** Default 'forward'. In 'reverse' every row starts at its own last element; 'bidirectional' runs both ways. */
  readonly direction?: Direction;
  /** What becomes of the two outputs of a bidirectional layer: 'concat' (default) gives 2*F features, forward first; 'sum' and 'mean' F, which is H, or P with projSize. */
  readonly merge?: Merge;
  /** PyTorch's: the chance that an element of what a layer gives to the next is dropped, in plans with training. Default 0. */
  readonly dropout?: number;
  /** GRU only: false puts the reset gate before the recurrent product (ONNX's default), true after it (PyTorch). Default true. */
  readonly resetAfter?: boolean;
  /** Input, output and their gradients are [N,T,..] instead of [T,N,..]; states are not. Default false, as in PyTorch. */
  readonly batchFirst?: boolean;
  /** P, PyTorch's proj_size: h[t] is W_hr times what the cell makes, P < H features (Sak et al. 2014); for cells with c. Default 0: none. */
  readonly projSize?: number;
  /** Of weight_hh: 'uniform' in ±1/√H (default), or 'identity' with zero biases (IRNN, Le et al. 2015). */
  readonly recurrentInit?: 'uniform' | 'identity';
  /** Added to the forget gate's initial bias; 0 as in PyTorch by default, 1 is often better (Jozefowicz et al. 2015). */
  readonly forgetBias?: number;
  /** Of the initial weights, uniform in ±1/√H, and of the masks of dropout and zoneout. Default 0. */
  readonly seed?: number;
  /**
   * 'f16': activations, and a copy of the weight matrices, are stored in f16, for half the memory and traffic; sums, parameters, gradients
   * and what goes in and out stay f32. Needs the feature shader-f16. Small gradients vanish in f16: give `backward` a dOutput scaled up,
   * and scale the gradients down. Default 'f32'.
   */
  readonly precision?: Precision;
}

/**
 * A recurrent network with its parameters on the GPU.
 * @throws RangeError for a size that is not a positive whole number, an unknown cell, or parameters over the device's limits.
 */
export function createRecurrent(gpu: Gpu, options: RecurrentOptions): Recurrent {
  return new Recurrent(gpu, options);
}

/** What a layer's options of the operator and of a model have in common. */
export const LAYER_OPTIONS: Checks<CellOptions & Pick<RecurrentOptions, 'cell' | 'resetAfter' | 'recurrentInit' | 'projSize' | 'dropout'>> = {
  ...CELL_OPTIONS, cell: checkCell, resetAfter: flag, recurrentInit: among('uniform', 'identity'), projSize: atLeast(0), dropout: fraction,
};

const OPTIONS: Checks<RecurrentOptions> = {
  ...LAYER_OPTIONS, inputSize: wholeNumber, hiddenSize: wholeNumber, numLayers: wholeNumber, bias: flag,
  direction: among('forward', 'reverse', 'bidirectional'), merge: among('concat', 'sum', 'mean'), batchFirst: flag,
  forgetBias: finite, seed: unsignedInteger, precision: isPrecision,
};

export class Recurrent extends Module {
  /** weight_ih_l0 [G*H,I], weight_hh_l0 [R*H,H], bias_ih_l0 [G*H], bias_hh_l0 [R*H], weight_ih_l0_reverse …; peephole_l0 [3*H] of i, f, o; weight_hr_l0 [P,H]; norm_ih_l0 [G*H], norm_hh_l0 [R*H], norm_c_l0 and norm_c_bias_l0 [H]. With a projection weight_hh_l0 is [R*H,P]. */
  declare readonly parameters: Readonly<Record<string, GpuArray>>;
  readonly layers: readonly LayerShape[];
  readonly batchFirst: boolean;
  /** Of the initial weights, and of the masks of dropout and zoneout. */
  readonly seed: number;

  constructor(gpu: Gpu, options: RecurrentOptions) {
    checkGpu(gpu, 'createRecurrent');
    checkOptions(options, 'createRecurrent', OPTIONS, ['cell', 'inputSize', 'hiddenSize']);
    const { cell, inputSize, hiddenSize, numLayers = 1, bias = true, forgetBias = 0, seed = 0, batchFirst = false, direction = 'forward', merge = 'concat', recurrentInit = 'uniform', dropout = 0, projSize = 0, precision = 'f32' } = options;
    checkDepth(numLayers, 'numLayers');
    checkPrecision(gpu, precision, [options]);
    const shape = { cell: cellOf(options), hiddenSize, projSize, bias, direction, merge, dropout, forgetBias, recurrentInit };
    checkProjection(shape);
    const features = outputColumns({ ...shape, inputSize });
    const layers = Array.from({ length: numLayers }, (_, l) => ({ ...shape, inputSize: l === 0 ? inputSize : features }));
    super(gpu, `the ${cell} network`, new Parameters(stackParameters(layers), cell, precision), seed);
    this.layers = layers;
    this.batchFirst = batchFirst;
    this.seed = seed;
  }

  /** Plan a window: all memory is known and allocated here, none later. */
  plan(options: PlanOptions): RecurrentPlan {
    return this.planned((forget) => new RecurrentPlan(this.gpu, this, this.weights, options, forget));
  }

  /** Step through time with the state on the GPU: one input at a time, for layers that run forward only. */
  stream(options: { batchSize: number }): RecurrentStream {
    checkOptions(options, 'stream', { batchSize: wholeNumber }, ['batchSize']);
    return this.planned((forget) => new RecurrentStream(this.gpu, this, this.weights, options.batchSize, forget));
  }
}

/** The cell that the options ask for. @throws RangeError for a cell that there is not, or an option that it does not take */
export function cellOf(options: CellOptions & Pick<RecurrentOptions, 'cell' | 'resetAfter'>): Cell {
  const { cell, resetAfter } = options;
  if (resetAfter === undefined) return cellNamed(cell, options);
  if (cell !== 'gru') throw new RangeError(`resetAfter is an option of the cell "gru"; ${cell} was given`);
  return cellNamed(resetAfter ? 'gru' : 'gru_reset_before', options);
}

/** @throws RangeError for a projection that the layer cannot have */
export function checkProjection({ cell, hiddenSize, projSize, recurrentInit }: Pick<LayerShape, 'cell' | 'hiddenSize' | 'projSize' | 'recurrentInit'>): void {
  if (projSize === 0) return;
  if (!cell.states.includes('c')) throw new RangeError(`projSize needs a cell with a state c, such as "lstm"; ${cell.name} has none`);
  if (projSize >= hiddenSize) throw new RangeError(`projSize must be below hiddenSize, ${hiddenSize}; ${projSize} was given`);
  if (recurrentInit === 'identity') throw new RangeError("recurrentInit: 'identity' needs square blocks of weight_hh; with projSize they are not: leave one of them out");
}
