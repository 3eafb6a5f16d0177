import { createRandom } from '../../examples/data/random.ts';
import { padTimeFirst } from '../../examples/data/padding.ts';
import { oneHot } from '../../examples/data/one_hot.ts';
import type { SpellingBatch } from '../../examples/data/spelling.ts';
import { teacherForcing } from '../../examples/data/teacher_forcing.ts';
import { withDefaults } from '../../examples/example.ts';
import { g2p } from '../../examples/g2p.ts';
import { DecoderSteps } from '../../examples/g2p/decoder_steps.ts';
import { EncoderDecoder, type EncoderDecoderOptions } from '../../examples/g2p/encoder_decoder.ts';
import { decodeBeam } from '../../examples/metrics/decoding.ts';
import { openDevice, type Gpu, type GpuArray } from '../../src/index.ts';
import { attentionBackward, attentionForward, type AttentionParameters } from '../../src/reference/attention.ts';
import { makeCell } from '../../src/reference/cells.ts';
import { linearBackward, linearForward } from '../../src/reference/linear.ts';
import { recurrentBackward, recurrentForward } from '../../src/reference/recurrent.ts';
import { softmaxCrossEntropy } from '../../src/reference/softmax_cross_entropy.ts';
import { relativeL2, type Arrays } from '../golden.ts';

export type Structure = Pick<EncoderDecoderOptions, 'cell' | 'encoder' | 'attention' | 'numLayers'>;

const SIZES = { hiddenSize: 7, inputs: 5, symbols: 6, seed: 3 };
/** Of the symbols: four phonemes, the end, the start. */
const [END, START] = [4, 5];

/** Words of different lengths and what they should become. */
function toyBatch(words: number, longest: number): SpellingBatch {
  const random = createRandom(8);
  const some = (below: number): number[] => Array.from({ length: 1 + random.below(longest) }, () => random.below(below));
  const letters = padTimeFirst(Array.from({ length: words }, (_, n) => (n === 0 ? Array<number>(longest).fill(2) : some(SIZES.inputs))), { timeSteps: longest });
  const decoder = teacherForcing(Array.from({ length: words }, () => some(END)), { start: START, end: END, timeSteps: longest + 1 });
  return { batchSize: words, encoder: { timeSteps: letters.timeSteps, letters: letters.tokens, lengths: letters.lengths }, decoder };
}

async function readAll(arrays: Readonly<Record<string, GpuArray>>): Promise<Arrays> {
  return Object.fromEntries(await Promise.all(Object.entries(arrays).map(async ([name, array]) => [name, Float64Array.from(await array.read())] as const)));
}

export type Errors = Record<string, number>;

/** Of each structure one training step's loss and every gradient, beside those of the float64 reference: relative L2 errors. */
export async function gradients(structures: readonly Structure[]): Promise<{ errors: Errors[]; bytesLeft: number }> {
  const gpu = await openDevice();
  const errors: Errors[] = [];
  for (const structure of structures) errors.push(await gradientErrors(gpu, structure));
  return { errors, bytesLeft: gpu.memory.report().totalBytes };
}

async function gradientErrors(gpu: Gpu, structure: Structure): Promise<Errors> {
  const network = new EncoderDecoder(gpu, { ...structure, ...SIZES });
  const batch = toyBatch(4, 5);
  const { batchSize: N, encoder: { timeSteps: S, letters, lengths }, decoder: { timeSteps: T, inputs, targets, lengths: spoken } } = batch;
  const window = network.window({ sourceTimeSteps: S, timeSteps: T, batchSize: N }, 'training');
  window.forward(batch);
  window.backward();
  const { loss } = await window.loss.read();
  const operators = { encoder: network.encoder, decoder: network.decoder, head: network.head, ...(network.attention && { attention: network.attention }) };
  const [weights, actual]: Record<string, Arrays>[] = [{}, {}];
  for (const [name, operator] of Object.entries(operators)) {
    weights![name] = await readAll(operator.parameters);
    actual![name] = await readAll(operator.gradients);
  }

  const { hiddenSize: H, symbols, inputs: I } = SIZES;
  const directions = structure.encoder === 'bidirectional' ? 2 : 1;
  const merge = structure.attention === 'dot' ? ('sum' as const) : ('concat' as const);
  const E = merge === 'sum' ? H : H * directions;
  const common = { cell: makeCell(structure.cell), batchSize: N, hiddenSize: H };
  const encoder = recurrentForward(
    { ...common, timeSteps: S, inputSize: I, numLayers: structure.numLayers, direction: structure.encoder, merge, lengths }, weights!.encoder!, Float64Array.from(oneHot(letters, I)),
  );
  const present = (state: Float64Array): Float64Array | undefined => (state.length > 0 ? state : undefined);
  const decoder = recurrentForward(
    { ...common, timeSteps: T, inputSize: symbols, numLayers: structure.numLayers * directions, lengths: spoken }, weights!.decoder!, Float64Array.from(oneHot(inputs, symbols)),
    { h0: encoder.hn, c0: present(encoder.cn) },
  );
  const sizes = { timeSteps: T, sourceTimeSteps: S, batchSize: N, decoderSize: H, encoderSize: E, outputSize: H, lengths: [...lengths] };
  const attention = weights!.attention as unknown as AttentionParameters | undefined;
  const seen = attention ? attentionForward(sizes, attention, decoder.output, encoder.output).output : decoder.output;
  const rows = { rows: T * N, inputSize: H, outputSize: symbols - 1 };
  const logits = linearForward(rows, weights!.head!.weight!, weights!.head!.bias, seen);
  const expected = softmaxCrossEntropy(logits, targets, { timeSteps: T, batchSize: N, vocabulary: symbols - 1 }, {});
  const dHead = linearBackward(rows, weights!.head!.weight!, seen, expected.dLogits);
  const dAttention = attention && attentionBackward(sizes, attention, decoder.output, encoder.output, dHead.dInput);
  const dDecoder = recurrentBackward(decoder, { dOutput: dAttention?.dDecoder ?? dHead.dInput });
  const dEncoder = recurrentBackward(encoder, { dOutput: dAttention?.dEncoder, dHn: dDecoder.dH0, dCn: present(dDecoder.dC0) });
  const references: Record<string, Arrays> = {
    encoder: dEncoder.gradients, decoder: dDecoder.gradients, head: { weight: dHead.weight, bias: dHead.bias }, ...(dAttention && { attention: dAttention.parameters }),
  };
  const errors: Errors = { loss: relativeL2([loss], [expected.loss]) };
  for (const [name, arrays] of Object.entries(references)) {
    for (const [array, values] of Object.entries(arrays)) errors[`${name}.${array}`] = relativeL2(actual![name]![array]!, values);
  }
  network.destroy();
  return errors;
}

export interface SearchReport {
  /** The log-probability of every hypothesis, found step by step with states that were exchanged between rows. */ readonly found: number[];
  /** What teacher forcing gives the same tokens. */ readonly forced: number[];
  /** Different hypotheses. */ readonly different: number;
}

/** Beam search over words side by side, of each structure. */
export async function searched(structures: readonly Structure[]): Promise<{ reports: SearchReport[]; bytesLeft: number }> {
  const gpu = await openDevice();
  const reports: SearchReport[] = [];
  for (const structure of structures) reports.push(await search(gpu, structure));
  return { reports, bytesLeft: gpu.memory.report().totalBytes };
}

async function search(gpu: Gpu, structure: Structure): Promise<SearchReport> {
  const network = new EncoderDecoder(gpu, { ...structure, ...SIZES });
  // Weights far from 0, so that it matters what came before.
  for (const { parameters } of [network.encoder, network.decoder, network.attention, network.head].filter((operator) => operator !== null)) {
    for (const array of Object.values(parameters)) array.write((await array.read()).map((x) => 2 * x));
  }
  const words = toyBatch(3, 6);
  const { encoder } = words;
  const [width, longest, V] = [4, 7, SIZES.symbols - 1];
  const steps = new DecoderSteps(network, { words: 3, width, sourceTimeSteps: encoder.timeSteps });
  steps.start({ timeSteps: encoder.timeSteps, batchSize: 3, tokens: encoder.letters, lengths: encoder.lengths });
  const all = await decodeBeam(steps.step, steps.first, { start: START, end: END, maximumLength: longest, width });
  steps.destroy();
  const [found, forced]: [number[], number[]] = [[], []];
  const window = network.window({ sourceTimeSteps: encoder.timeSteps, timeSteps: longest + 1, batchSize: 3 }, 'measuring');
  for (let rank = 0; rank < width; rank++) {
    const chosen = all.map((hypotheses) => hypotheses[rank]!);
    window.forward({ ...words, decoder: teacherForcing(chosen.map(({ tokens }) => tokens), { start: START, end: END, timeSteps: longest + 1 }) });
    const logits = await window.head.output.read();
    chosen.forEach(({ tokens, logProbability, ended }, n) => {
      found.push(logProbability);
      forced.push([...tokens, ...(ended ? [END] : [])].reduce((nats, token, t) => {
        const row = logits.subarray((t * 3 + n) * V, (t * 3 + n + 1) * V);
        return nats + row[token]! - Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0));
      }, 0));
    });
  }
  network.destroy();
  return { found, forced, different: new Set(all.flatMap((hypotheses, n) => hypotheses.map(({ tokens }) => `${n}: ${tokens.join()}`))).size };
}

/** The example itself, small. */
export async function learn(options: Partial<Parameters<typeof g2p.run>[1]>): Promise<{ figures: Readonly<Record<string, number>>; heldOut: number[]; bytesLeft: number }> {
  const gpu = await openDevice();
  const run = g2p.run(gpu, withDefaults(g2p, options));
  const heldOut: number[] = [];
  for (let next = await run.next(); ; next = await run.next()) {
    if (next.done) return { figures: next.value.figures, heldOut, bytesLeft: gpu.memory.report().totalBytes };
    if (next.value.figures['held-out'] !== undefined) heldOut.push(next.value.figures['held-out']);
  }
}
