// Reads the golden files of e2e/golden (see the README there). Pure functions over parsed JSON, for Node and for a page alike.

import type { CellName } from '../src/index.ts';
import type { CellOptions } from '../src/reference/cell.ts';

/** An array as a golden file holds it: base64 of little-endian values, row-major. */
interface StoredArray {
  readonly shape: readonly number[];
  readonly dtype: 'float32' | 'float64';
  readonly data: string;
}

type Stored = Readonly<Record<string, StoredArray>>;

/** Flat row-major arrays by name. Parameters and inputs are exact in float32. */
export type Arrays = Readonly<Record<string, Float64Array>>;

/** One run of a recurrent stack, with the results of PyTorch in float64. */
export interface RecurrentCase {
  readonly name: string;
  readonly cell: CellName;
  /** In the reference's words; none without it. */
  readonly cellOptions?: CellOptions;
  /** T */
  readonly timeSteps: number;
  /** N */
  readonly batchSize: number;
  /** I */
  readonly inputSize: number;
  /** H */
  readonly hiddenSize: number;
  /** P, the features of h; H without it. */
  readonly projSize?: number;
  /** L */
  readonly numLayers: number;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  /** 'concat' without it. */
  readonly merge?: 'sum' | 'mean';
  readonly bias: boolean;
  /** [N], or null where every row has T steps. */
  readonly lengths: readonly number[] | null;
  /** By PyTorch's names. */
  readonly parameters: Arrays;
  /** `input` [T,N,I]; `h0`, `c0` [L*D,N,H]; `dOutput` [T,N,D*H]; `dHn`, `dCn` [L*D,N,H]. One that is missing is zeros. */
  readonly given: Arrays;
  /** By what the engine draws the masks of the case itself, in its first pass; none where there are no masks. */
  readonly regularisers?: {
    readonly seed: number;
    readonly chance: number;
    /** Zoneout by its expectation, as a plan without training has it. */ readonly evaluation: boolean;
    readonly of: readonly ('dropout' | 'recurrent_dropout' | 'zoneout_h' | 'zoneout_c')[];
  };
  /** `dropout_l0` [T,N,D*H], `recurrent_dropout_l0` [N,H], `zoneout_h_l0_reverse`, `zoneout_c_l0` [T,N,H], …; none of them in most cases. */
  readonly masks: Arrays;
  /** `output` [T,N,D*H]; `hn`, `cn` [L*D,N,H]. */
  readonly results: Arrays;
  /** `dInput` [T,N,I]; `dH0`, `dC0` [L*D,N,H]. */
  readonly gradients: Arrays;
  /** By PyTorch's names. */
  readonly parameterGradients: Arrays;
}

/** The first steps of training a small character model, with the state carried from window to window. */
export interface TrainingCase {
  readonly name: string;
  /** V */
  readonly vocabulary: number;
  readonly embedding: number | 'one-hot';
  readonly layers: readonly { readonly cell: 'lstm'; readonly hiddenSize: number }[];
  /** N */
  readonly batchSize: number;
  /** T */
  readonly timeSteps: number;
  readonly steps: number;
  readonly optimizer: { readonly kind: 'adam'; readonly learningRate: number } | { readonly kind: 'sgd'; readonly learningRate: number; readonly momentum: number };
  readonly gradientClip: number;
  /** [N*steps*T + 1] the text. Stream n starts at n*steps*T. */
  readonly tokens: Uint32Array;
  /** Before the first step: `embedding.weight`, `recurrent.weight_ih_l0` …, `linear.weight`, `linear.bias`. */
  readonly parameters: Arrays;
  /** [steps] nats per character. */
  readonly losses: readonly number[];
  /** [steps][T] the same, mean over the batch alone. */
  readonly stepLosses: readonly (readonly number[])[];
  /** [steps] before clipping. */
  readonly gradientNorms: readonly number[];
  /** After the last step. */
  readonly trained: Arrays;
  /** `hn`, `cn` [L,N,H] after the last step's window. */
  readonly state: Arrays;
}

/** A network whose state dict PyTorch has saved, with what it gives in float64. */
export interface StateDictCase {
  /** Of its file in `state_dicts`: `rnn.weight_ih_l0` …, `head.weight` and `head.bias` in float32. */
  readonly name: string;
  readonly options: { readonly cell: CellName; readonly inputSize: number; readonly hiddenSize: number };
  readonly outputSize: number;
  /** `input` [T,N,I]. */
  readonly given: Arrays;
  /** `output` [T,N,D*F] of the recurrent part, `head` [T,N,O]. */
  readonly results: Arrays;
}

/** The cases of a parsed `lstm.json`, `gru.json`, … or `recurrent_options.json`. */
export function recurrentCases(file: unknown): RecurrentCase[] {
  return casesOf(file).map((stored) => {
    const { given, ...fields } = decodeFields(stored, ['parameters', 'given', 'results', 'gradients', 'parameterGradients']);
    const only = (isMask: boolean): Arrays => Object.fromEntries(Object.entries(given).filter(([name]) => /^(\w+_)?(dropout|zoneout)_/.test(name) === isMask));
    return { ...(stored as unknown as RecurrentCase), ...fields, given: only(false), masks: only(true) };
  });
}

/** The cases of a parsed `training.json`. */
export function trainingCases(file: unknown): TrainingCase[] {
  return casesOf(file).map((stored) => ({
    ...(stored as unknown as TrainingCase),
    ...decodeFields(stored, ['parameters', 'trained', 'state']),
    tokens: Uint32Array.from(stored['tokens'] as number[]),
  }));
}

/** The cases of a parsed `state_dicts.json`. */
export function stateDictCases(file: unknown): StateDictCase[] {
  return casesOf(file).map((stored) => ({ ...(stored as unknown as StateDictCase), ...decodeFields(stored, ['given', 'results']) }));
}

/** A window of attention, with the results of PyTorch in float64. */
export interface AttentionCase {
  readonly name: string;
  readonly score: 'dot' | 'general';
  /** T */
  readonly timeSteps: number;
  /** S */
  readonly sourceTimeSteps: number;
  /** N */
  readonly batchSize: number;
  /** H */
  readonly decoderSize: number;
  /** E */
  readonly encoderSize: number;
  /** A */
  readonly outputSize: number;
  /** [N], or null where every row has S steps. */
  readonly lengths: readonly number[] | null;
  /** `weight_c` [A,E+H]; `weight_a` [H,E] of 'general'. */
  readonly parameters: Arrays;
  /** `decoder` [T,N,H], `encoder` [S,N,E], `dOutput` [T,N,A]. */
  readonly given: Arrays;
  /** `weights` [T,N,S], `context` [T,N,E], `output` [T,N,A]. */
  readonly results: Arrays;
  /** `dDecoder` [T,N,H], `dEncoder` [S,N,E]. */
  readonly gradients: Arrays;
  /** By the parameters' names. */
  readonly parameterGradients: Arrays;
}

/** The cases of a parsed `attention.json`. */
export function attentionCases(file: unknown): AttentionCase[] {
  return casesOf(file).map((stored) => ({
    ...(stored as unknown as AttentionCase),
    ...decodeFields(stored, ['parameters', 'given', 'results', 'gradients', 'parameterGradients']),
  }));
}

/** The windows of a training case in order: inputs and targets [T,N]. */
export function trainingWindows({ tokens, batchSize, timeSteps, steps }: TrainingCase): { inputs: Uint32Array; targets: Uint32Array }[] {
  return Array.from({ length: steps }, (_, step) => {
    const inputs = new Uint32Array(timeSteps * batchSize);
    const targets = new Uint32Array(timeSteps * batchSize);
    for (let t = 0; t < timeSteps; t++) {
      for (let n = 0; n < batchSize; n++) {
        const place = n * steps * timeSteps + step * timeSteps + t;
        inputs[t * batchSize + n] = tokens[place]!;
        targets[t * batchSize + n] = tokens[place + 1]!;
      }
    }
    return { inputs, targets };
  });
}

/** ‖actual − expected‖ / ‖expected‖; 0 when both are zeros, NaN where anything is NaN. Throws a RangeError for unequal lengths. */
export function relativeL2(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) throw new RangeError(`${actual.length} values cannot be compared with ${expected.length}`);
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i]! - expected[i]!) ** 2;
    norm += expected[i]! ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / norm);
}

/** The element that is farthest off, by |actual − expected| over the largest |expected| (or over 1 when all are 0). */
export function worstElement(actual: ArrayLike<number>, expected: ArrayLike<number>): { index: number; actual: number; expected: number; error: number } {
  if (actual.length !== expected.length) throw new RangeError(`${actual.length} values cannot be compared with ${expected.length}`);
  let scale = 0;
  for (let i = 0; i < expected.length; i++) scale = Math.max(scale, Math.abs(expected[i]!));
  let worst = { index: -1, actual: 0, expected: 0, error: 0 };
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs(actual[i]! - expected[i]!) / (scale || 1);
    if (Number.isNaN(error)) return { index: i, actual: actual[i]!, expected: expected[i]!, error };
    if (error > worst.error) worst = { index: i, actual: actual[i]!, expected: expected[i]!, error };
  }
  return worst;
}

function casesOf(file: unknown): Readonly<Record<string, unknown>>[] {
  const cases = (file as { readonly cases?: unknown } | null)?.cases;
  if (!Array.isArray(cases) || cases.length === 0) throw new TypeError('not a golden file: it has no cases (see e2e/golden/README.md)');
  return cases as Readonly<Record<string, unknown>>[];
}

function decodeFields<K extends string>(stored: Readonly<Record<string, unknown>>, fields: readonly K[]): Record<K, Arrays> {
  return Object.fromEntries(fields.map((field) => [
    field, Object.fromEntries(Object.entries(stored[field] as Stored).map(([name, array]) => [name, decode(name, array)])),
  ])) as Record<K, Arrays>;
}

function decode(name: string, { shape, dtype, data }: StoredArray): Float64Array {
  const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
  const values = dtype === 'float32' ? Float64Array.from(new Float32Array(bytes.buffer)) : new Float64Array(bytes.buffer);
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (values.length !== size) throw new RangeError(`golden array ${name} has ${values.length} values, but its shape [${shape.join(', ')}] holds ${size}`);
  return values;
}
