// Training cases in the format of `npm run conformance`, trained by the float64 reference: character models, a classifier and an
// encoder with its decoder, with Adam. What the format leaves open is spelled differently from case to case.
import { adam } from '../../src/reference/adam.ts';
import { makeCell, type CellName } from '../../src/reference/cells.ts';
import { embeddingBackward, embeddingForward, oneHot } from '../../src/reference/embedding.ts';
import { gradientNorm } from '../../src/reference/gradient_norm.ts';
import { linearBackward, linearForward } from '../../src/reference/linear.ts';
import {
  recurrentBackward, recurrentForward, recurrentShapes, type RecurrentForward, type RecurrentOptions,
} from '../../src/reference/recurrent.ts';
import { softmaxCrossEntropy } from '../../src/reference/softmax_cross_entropy.ts';
import { drawing, encode, type EncodedTensor } from './conformance_cases.ts';

export interface TrainingRecipe {
  readonly id: string;
  readonly structure: 'char_lm' | 'classifier' | 'seq2seq';
  readonly cell: 'lstm' | 'gru' | 'rnn_tanh';
  readonly gateOrder: string;
  readonly layers?: number;
  readonly bidirectional?: boolean;
  /** Size of a table; one-hot without. */ readonly embed?: number;
  readonly bias?: 'both' | 'single';
  readonly reduction?: 'mean' | 'sum_time_mean_batch';
  readonly stateful?: boolean;
  /** Only one batch is in the file, which every step gets. */ readonly sameBatch?: boolean;
  readonly clip?: number;
  /** Without a bias of the head. */ readonly plainHead?: boolean;
  /** What the file calls things. */
  readonly spelling?: {
    readonly model?: (model: Record<string, unknown>) => Record<string, unknown>;
    readonly losses?: string;
    readonly norms?: string;
    readonly weights?: string;
  };
}

export interface MadeTraining {
  id: string;
  task: 'training';
  model: Record<string, unknown>;
  weights: Record<string, EncodedTensor>;
  inputs: Record<string, EncodedTensor>;
  expected: Record<string, unknown>;
  tolerance: Record<string, number>;
}

const [S, T, B, V, C, H] = [6, 4, 3, 6, 4, 5];
const ENGINE = { lstm: 'ifgo', gru: 'rzn', rnn_tanh: 'h' } as const;
const KINDS = { weight_ih: 'Wx', weight_hh: 'Wh', bias_ih: 'bx', bias_hh: 'bh' } as const;

type Arrays = Record<string, Float64Array>;

/** A network of the case: its options and the prefix of its weights in the file. */
interface Net {
  readonly prefix: string;
  readonly options: RecurrentOptions;
}

/** What a pass of one step gives. */
interface Pass {
  readonly loss: number;
  readonly gradients: Arrays;
}

export function makeTraining(recipe: TrainingRecipe, seed: number): MadeTraining {
  const { id, structure, cell, gateOrder, layers = 1, bidirectional = false, embed, bias = 'both', reduction = 'mean', stateful = false } = recipe;
  const draw = drawing(seed, 64);
  const whole = (count: number, limit: number): Float64Array => draw(count).map((value) => Math.abs(value * 64) % limit);
  const direction = bidirectional ? 'bidirectional' : 'forward';
  const sizes = { cell: makeCell(cell as CellName), timeSteps: T, batchSize: B, inputSize: embed ?? V, hiddenSize: H, numLayers: layers };
  const encoder: Net = { prefix: structure === 'seq2seq' ? 'enc.' : '', options: { ...sizes, direction } };
  const decoder: Net | null = structure === 'seq2seq' ? { prefix: 'dec.', options: { ...sizes, timeSteps: T + 1 } } : null;
  const nets = decoder ? [encoder, decoder] : [encoder];
  const classes = structure === 'char_lm' ? V : C;
  const features = bidirectional ? 2 * H : H;

  // The reference's parameters, by the file's prefix and PyTorch's name.
  const parameters: Arrays = {};
  const untrained = (name: string): boolean => bias === 'single' && name.includes('bias_hh');
  for (const { prefix, options } of nets) {
    for (const [name, shape] of Object.entries(recurrentShapes(options))) {
      const count = shape.reduce((a, b) => a * b, 1);
      parameters[prefix + name] = untrained(name) ? new Float64Array(count) : draw(count);
    }
    if (embed) parameters[`${prefix}embed`] = draw(V * embed);
  }
  parameters['head.W'] = draw(classes * features);
  if (!recipe.plainHead) parameters['head.b'] = draw(classes);

  const batches = recipe.sameBatch ? 1 : S;
  const inputs = inputsOf(structure, whole, batches);
  if (stateful) inputs.resetState = { values: Float64Array.from({ length: batches }, (_, s) => Number(s === 3)), shape: [batches] };
  const at = (name: string, s: number): Float64Array => {
    const { values, shape } = inputs[name]!;
    const count = values.length / shape[0]!;
    return values.slice((recipe.sameBatch ? 0 : s) * count, ((recipe.sameBatch ? 0 : s) + 1) * count);
  };

  const start = encodeParameters(parameters, recipe, nets);
  const optimizer = adam({ learningRate: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1e-6 });
  const [losses, norms]: [number[], number[]] = [[], []];
  let carried: { h0?: Float64Array; c0?: Float64Array } = {};
  for (let s = 0; s < S; s++) {
    const own = ({ prefix }: Net): Arrays => Object.fromEntries(Object.entries(parameters).filter(([name]) => name.startsWith(prefix) && /_l\d/.test(name))
      .map(([name, value]) => [name.slice(prefix.length), value]));
    const forward = (net: Net, tokens: Float64Array, initial: typeof carried): RecurrentForward => {
      const table = parameters[`${net.prefix}embed`];
      return recurrentForward(net.options, own(net), table ? embeddingForward(tokens, table, V, embed!) : oneHot(tokens, V), initial);
    };
    const backward = (net: Net, run: RecurrentForward, tokens: Float64Array, upstream: Parameters<typeof recurrentBackward>[1], into: Arrays) => {
      const result = recurrentBackward(run, upstream);
      for (const [name, gradient] of Object.entries(result.gradients)) into[net.prefix + name] = untrained(name) ? gradient.fill(0) : gradient;
      if (embed) into[`${net.prefix}embed`] = embeddingBackward(tokens, result.dInput, V, embed);
      return result;
    };
    const head = (rows: number, x: Float64Array, targets: Float64Array, mask: Float64Array | undefined, into: Arrays) => {
      const linear = { rows, inputSize: features, outputSize: classes };
      const logits = linearForward(linear, parameters['head.W']!, parameters['head.b'], x);
      const scale = reduction === 'mean' ? 1 : T;
      const { loss, dLogits } = softmaxCrossEntropy(logits, targets, { timeSteps: rows / B, batchSize: B, vocabulary: classes }, mask && { targets: mask });
      const { dInput, weight, bias: dBias } = linearBackward(linear, parameters['head.W']!, x, dLogits.map((value) => value * scale));
      into['head.W'] = weight;
      if (!recipe.plainHead) into['head.b'] = dBias;
      return { loss: loss * scale, dInput };
    };

    const pass = (): Pass => {
      const gradients: Arrays = {};
      if (structure === 'char_lm') {
        if (!stateful || at('resetState', s)[0] === 1) carried = {};
        const run = forward(encoder, at('tokens', s), carried);
        carried = { h0: run.hn, ...(cell === 'lstm' && { c0: run.cn }) };
        const { loss, dInput } = head(T * B, run.output, at('targets', s), undefined, gradients);
        backward(encoder, run, at('tokens', s), { dOutput: dInput }, gradients);
        return { loss, gradients };
      }
      const lengths = at(structure === 'classifier' ? 'lengths' : 'encLengths', s);
      const ragged = { ...encoder, options: { ...encoder.options, lengths } };
      const tokens = at(structure === 'classifier' ? 'tokens' : 'encTokens', s);
      const run = forward(ragged, tokens, {});
      if (structure === 'classifier') {
        // [L*D,B,H] → the last layer's [B,D*H]
        const D = features / H;
        const from = (layers - 1) * D;
        const place = (i: number): number => ((from + Math.floor((i % features) / H)) * B + Math.floor(i / features)) * H + (i % H);
        const x = Float64Array.from({ length: B * features }, (_, i) => run.hn[place(i)]!);
        const { loss, dInput } = head(B, x, at('labels', s), undefined, gradients);
        const dHn = new Float64Array(run.hn.length);
        dInput.forEach((value, i) => { dHn[place(i)] = value; });
        backward(ragged, run, tokens, { dHn }, gradients);
        return { loss, gradients };
      }
      const decTokens = at('decTokens', s);
      const second = forward(decoder!, decTokens, { h0: run.hn, ...(cell === 'lstm' && { c0: run.cn }) });
      const { loss, dInput } = head((T + 1) * B, second.output, at('decTargets', s), at('decMask', s), gradients);
      const { dH0, dC0 } = backward(decoder!, second, decTokens, { dOutput: dInput }, gradients);
      backward(ragged, run, tokens, { dHn: dH0, ...(cell === 'lstm' && { dCn: dC0 }) }, gradients);
      return { loss, gradients };
    };

    const { loss, gradients } = pass();
    losses.push(loss);
    norms.push(gradientNorm(gradients, recipe.clip));
    optimizer.update(parameters, gradients);
  }

  const { spelling = {} } = recipe;
  const model = {
    kind: structure, cell, layers, hidden: H, bidirectional, vocab: V, embed: embed ?? null, bias, gateOrder, reduction, stateful, steps: S,
    optimizer: { type: 'adam', lr: 0.02, b1: 0.8, b2: 0.95, eps: 1e-6 }, clip: recipe.clip ?? null,
  };
  return {
    id, task: 'training',
    model: spelling.model ? spelling.model(model) : model,
    weights: start,
    inputs: Object.fromEntries(Object.entries(inputs).map(([name, { values, shape }]) => [name, encode(values, shape, name === 'decMask' ? 'float32' : 'int32')])),
    expected: {
      [spelling.losses ?? 'loss']: encode(losses, [S], 'float64'),
      [spelling.norms ?? 'gradNorm']: encode(norms, [S], 'float64'),
      [spelling.weights ?? 'weights']: encodeParameters(parameters, recipe, nets),
    },
    tolerance: { loss: 1e-5, gradNorm: 1e-4, weights: 1e-4 },
  };
}

type Input = { readonly values: Float64Array; readonly shape: readonly number[] };

function inputsOf(structure: TrainingRecipe['structure'], whole: (count: number, limit: number) => Float64Array, batches: number): Record<string, Input> {
  const tensor = (limit: number, ...shape: number[]): Input => ({ values: whole([batches, ...shape].reduce((a, b) => a * b, 1), limit), shape: [batches, ...shape] });
  const lengths = { ...tensor(T, B), values: tensor(T, B).values.map((value) => value + 1) };
  if (structure === 'char_lm') return { tokens: tensor(V, T, B), targets: tensor(V, T, B) };
  if (structure === 'classifier') return { tokens: tensor(V, T, B), lengths, labels: tensor(C, B) };
  const mask = tensor(2, T + 1, B);
  return { encTokens: tensor(V, T, B), encLengths: lengths, decTokens: tensor(V, T + 1, B), decTargets: tensor(C, T + 1, B), decMask: mask };
}

/** By the file's names, gates in the file's order. A bias that the file has not got is left out. */
function encodeParameters(parameters: Arrays, { cell, gateOrder, bias, embed }: TrainingRecipe, nets: readonly Net[]): Record<string, EncodedTensor> {
  const found: Record<string, EncodedTensor> = {};
  for (const [name, values] of Object.entries(parameters)) {
    const [, prefix, kind = '', layer, reverse] = /^(enc\.|dec\.|)(\w+)_l(\d)(_reverse)?$/.exec(name) ?? [];
    if (layer === undefined) {
      const shape = name.endsWith('embed') ? [V, embed!] : name === 'head.W' ? [parameters['head.W']!.length / headColumns(nets), headColumns(nets)] : [values.length];
      found[name] = encode(values, shape, 'float64');
      continue;
    }
    if (bias === 'single' && kind === 'bias_hh') continue;
    const block = values.length / gateOrder.length;
    const rows = [...gateOrder].flatMap((letter) => { const k = ENGINE[cell].indexOf(letter); return [...values.subarray(k * block, (k + 1) * block)]; });
    const short = KINDS[kind as keyof typeof KINDS];
    found[`${prefix}l${layer}.${reverse ? 'bwd' : 'fwd'}.${short}`] = encode(rows, [gateOrder.length * H, ...(short.startsWith('W') ? [block / H] : [])], 'float64');
  }
  return found;
}

const headColumns = (nets: readonly Net[]): number => (nets.at(-1)!.options.direction === 'bidirectional' ? 2 * H : H);

/** Every structure, with what it can have. */
export const trainingRecipes: readonly TrainingRecipe[] = [
  { id: 'char-lm', structure: 'char_lm', cell: 'lstm', gateOrder: 'iofg', layers: 2, clip: 0.2, stateful: true },
  { id: 'char-lm-table', structure: 'char_lm', cell: 'gru', gateOrder: 'zrn', embed: 3, reduction: 'sum_time_mean_batch', clip: 5, bias: 'single', sameBatch: true,
    spelling: { losses: 'losses', norms: 'gradNorms', weights: 'finalWeights',
      model: ({ kind, optimizer, ...model }) => ({ ...model, type: kind, optimizer: 'adam', lr: 0.02, beta1: 0.8, beta2: 0.95, epsilon: 1e-6 }) } },
  { id: 'classifier', structure: 'classifier', cell: 'lstm', gateOrder: 'gofi', layers: 2, bidirectional: true, embed: 4, clip: 0.1,
    spelling: { model: ({ optimizer, ...model }) => ({ ...model, adam: { lr: 0.02, betas: [0.8, 0.95], eps: 1e-6 } }) } },
  { id: 'classifier-one-hot', structure: 'classifier', cell: 'rnn_tanh', gateOrder: 'h', plainHead: true, bias: 'single' },
  { id: 'seq2seq', structure: 'seq2seq', cell: 'lstm', gateOrder: 'ifgo', embed: 3, clip: 0.3, layers: 2 },
  { id: 'seq2seq-gru', structure: 'seq2seq', cell: 'gru', gateOrder: 'nzr', bias: 'single',
    spelling: { model: ({ kind, cell, layers, hidden, gateOrder, bias, ...model }) =>
      ({ ...model, structure: kind, encoder: { cell, layers, hidden, gateOrder, bias }, decoder: { cell, layers, hidden, gateOrder, bias } }) } },
];
