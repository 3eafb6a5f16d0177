// Gate activations by ONNX's names, and the shader constants that choose them.
import { fields, type Checks } from '../checks/options.ts';
import { shown } from '../checks/shown.ts';
import { among, flag, fraction, within } from '../checks/values.ts';
import type { CellConstants } from './cell.ts';

export type Activation =
  | 'sigmoid'
  | 'tanh'
  | 'relu'
  /** alpha x + beta */
  | { readonly affine: readonly [alpha: number, beta: number] }
  /** max(0, min(1, alpha x + beta)) */
  | { readonly hardSigmoid: readonly [alpha: number, beta: number] };

export interface CellOptions {
  /** ONNX's f, g and h: of the gates, of the candidate, of the cell state on its way out. */
  readonly activations?: { readonly gate?: Activation; readonly candidate?: Activation; readonly output?: Activation };
  /** Clamp every gate's summed pre-activation, peepholes included, to ±clipGates; never the cell state. */
  readonly clipGates?: number;
  /** Which cell state a peephole's output gate sees: the new one (Gers & Schmidhuber, ONNX), or the previous one (WebNN). Default 'new'. */
  readonly peepholeOutput?: 'new' | 'previous';
  /** The chance that a unit of h is dropped inside the recurrent product, the same ones at every step (Gal & Ghahramani 2016). */
  readonly recurrentDropout?: number;
  /**
   * Layer normalization of W_ih·x, of W_hh·h and, in the LSTM family, of c on its way out (Ba et al. 2016), with gains norm_ih,
   * norm_hh and norm_c that start at 1 and norm_c_bias at 0; the biases are added behind it. For the LSTM family and for gru with
   * resetAfter true. Default false.
   */
  readonly layerNorm?: boolean;
  /** Zoneout (Krueger et al. 2017): the chance that a unit of h, or of c, keeps its value of the step before. */
  readonly zoneout?: { readonly h?: number; readonly c?: number };
}

const KINDS = { sigmoid: 0, tanh: 1, relu: 2, affine: 3, hardSigmoid: 4 } as const;

/** The kind's number in shaders/lib/activation.wgsl. */
export const activationKind = (kind: keyof typeof KINDS): number => KINDS[kind];

/** The constants of one activation. */
function constantsOf(role: 'GATE' | 'CANDIDATE' | 'OUTPUT', activation: Activation): CellConstants {
  if (typeof activation === 'string') return { [`${role}_KIND`]: KINDS[activation] };
  const [kind, [alpha, beta]] = 'affine' in activation ? (['affine', activation.affine] as const) : (['hardSigmoid', activation.hardSigmoid] as const);
  return { [`${role}_KIND`]: KINDS[kind], [`${role}_ALPHA`]: alpha, [`${role}_BETA`]: beta };
}

function checkActivation(activation: Activation, name: string): void {
  if (activation === 'sigmoid' || activation === 'tanh' || activation === 'relu') return;
  const [[kind, values] = [], ...more] = typeof activation === 'object' && activation !== null ? Object.entries(activation) : [];
  const isPair = Array.isArray(values) && values.length === 2 && values.every(Number.isFinite);
  if ((kind !== 'affine' && kind !== 'hardSigmoid') || !isPair || more.length > 0) {
    throw new RangeError(`${name} must be 'sigmoid', 'tanh', 'relu', { affine: [alpha, beta] } or { hardSigmoid: [alpha, beta] }; ${shown(activation)} was given`);
  }
}

/** What each option of a cell must be. */
export const CELL_OPTIONS: Checks<CellOptions> = {
  activations: fields('activations', { gate: checkActivation, candidate: checkActivation, output: checkActivation }, []),
  clipGates: within({ above: 0 }),
  peepholeOutput: among('new', 'previous'),
  recurrentDropout: fraction,
  layerNorm: flag,
  zoneout: fields('zoneout', { h: fraction, c: fraction }, []),
};

/** What no float32 of a network comes near: a kernel compares with it where there is no limit. */
const UNLIMITED = 3e38;

/** The values between which an activation of those constants lies, over every sum that the clip lets through. */
export function limitsOf(role: 'GATE' | 'CANDIDATE', constants: CellConstants): readonly [low: number, high: number] {
  const kind = constants[`${role}_KIND`] ?? (role === 'GATE' ? KINDS.sigmoid : KINDS.tanh);
  const [alpha, beta] = [constants[`${role}_ALPHA`] ?? 1, constants[`${role}_BETA`] ?? 0];
  const clip = constants.CLIP || Infinity;
  const of = (x: number): number => {
    if (kind === KINDS.sigmoid) return 1 / (1 + Math.exp(-x));
    if (kind === KINDS.tanh) return Math.tanh(x);
    if (kind === KINDS.relu) return Math.max(x, 0);
    return kind === KINDS.affine ? alpha * x + beta : Math.min(Math.max(alpha * x + beta, 0), 1);
  };
  const [low, high] = [of(-clip), of(clip)].sort((a, b) => a - b) as [number, number];
  return [Math.max(low, -UNLIMITED), Math.min(high, UNLIMITED)];
}

/** The shader constants of a cell's options. */
export function optionConstants({ activations = {}, clipGates, peepholeOutput = 'new', zoneout = {}, recurrentDropout = 0 }: CellOptions): CellConstants {
  return {
    ...(recurrentDropout && { RECURRENT_DROPOUT: recurrentDropout }),
    ...(zoneout.h && { ZONEOUT_H: zoneout.h }),
    ...(zoneout.c && { ZONEOUT_C: zoneout.c }),
    ...(activations.gate !== undefined && constantsOf('GATE', activations.gate)),
    ...(activations.candidate !== undefined && constantsOf('CANDIDATE', activations.candidate)),
    ...(activations.output !== undefined && constantsOf('OUTPUT', activations.output)),
    ...(clipGates !== undefined && { CLIP: clipGates }),
    ...(peepholeOutput === 'previous' && { OUTPUT_SEES_PREVIOUS: 1 }),
  };
}
