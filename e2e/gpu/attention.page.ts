import { createAttention, openDevice, type AttentionScore, type Gpu } from '../../src/index.ts';
import { randomBits } from '../../src/layers/random.ts';
import { attentionBackward, attentionForward, type AttentionParameters, type AttentionSizes } from '../../src/reference/attention.ts';
import { attentionCases, relativeL2, type Arrays } from '../golden.ts';
import { randomArray } from './random_arrays.ts';

type Errors = Record<string, number>;

/** What the layer is made of, and what a plan of it. */
const layerOf = ({ decoderSize, encoderSize, outputSize }: AttentionSizes) => ({ decoderSize, encoderSize, outputSize });
const planOf = ({ timeSteps, sourceTimeSteps, batchSize }: AttentionSizes) => ({ timeSteps, sourceTimeSteps, batchSize });

const floats = (values: ArrayLike<number>): Float32Array<ArrayBuffer> => Float32Array.from(values);

interface Window {
  readonly score: AttentionScore;
  readonly sizes: AttentionSizes;
  /** By name; past a row's length `encoder` holds NaN. */
  readonly parameters: Arrays;
  readonly decoder: Float32Array<ArrayBuffer>;
  readonly encoder: Float32Array<ArrayBuffer>;
  readonly dOutput: Float32Array<ArrayBuffer>;
}

/** Every array of one window, the backward pass run twice: parameters' gradients accumulate, so they are halved. */
async function run(gpu: Gpu, { score, sizes, parameters, decoder, encoder, dOutput }: Window): Promise<Record<string, Float32Array>> {
  const layer = createAttention(gpu, { score, ...layerOf(sizes) });
  for (const [name, values] of Object.entries(parameters)) layer.parameters[name]!.write(floats(values));
  const plan = layer.plan({ ...planOf(sizes), training: true });
  plan.forward({ decoder, encoder, lengths: sizes.lengths });
  for (let pass = 0; pass < 2; pass++) plan.backward(dOutput);
  const arrays: Record<string, Float32Array> = {};
  for (const name of ['weights', 'context', 'output', 'dDecoder', 'dEncoder'] as const) arrays[name] = await plan[name].read();
  for (const [name, gradient] of Object.entries(layer.gradients)) arrays[name] = (await gradient.read()).map((x) => x / 2);
  layer.destroy();
  return arrays;
}

const withNaN = (sizes: AttentionSizes, encoder: Float32Array<ArrayBuffer>): Float32Array<ArrayBuffer> =>
  encoder.map((x, i) => (sizes.lengths && Math.floor(i / (sizes.batchSize * sizes.encoderSize)) >= sizes.lengths[Math.floor(i / sizes.encoderSize) % sizes.batchSize]! ? NaN : x));

/** PyTorch's numbers, on a device with the guaranteed limits alone: relative L2 errors by case. */
export async function golden(file: unknown): Promise<Record<string, Errors>> {
  const adapter = await navigator.gpu.requestAdapter();
  const gpu = await openDevice({ device: await adapter!.requestDevice() });
  const reports: Record<string, Errors> = {};
  for (const { name, score, lengths, parameters, given, results, gradients, parameterGradients, ...rest } of attentionCases(file)) {
    const sizes = { ...rest, lengths: lengths ?? undefined };
    const { decoder, encoder, dOutput } = given;
    const actual = await run(gpu, { score, sizes, parameters, decoder: floats(decoder!), encoder: withNaN(sizes, floats(encoder!)), dOutput: floats(dOutput!) });
    const expected: Arrays = { ...results, ...gradients, ...parameterGradients };
    reports[name] = Object.fromEntries(Object.entries(expected).map(([array, values]) => [array, relativeL2(actual[array]!, values)]));
  }
  return reports;
}

export interface AttentionSetting {
  readonly score: AttentionScore;
  /** T, S, N, H, E, A */
  readonly shape: readonly [number, number, number, number, number, number];
  readonly ragged: boolean;
}

function setting({ score, shape: [steps, sourceTimeSteps, batch, decoderSize, encoderSize, outputSize], ragged }: AttentionSetting): Window {
  const lengths = ragged ? Array.from({ length: batch }, (_, n) => randomBits(9, 9, n) % (sourceTimeSteps + 1)) : undefined;
  if (lengths) lengths[0] = sourceTimeSteps;
  const sizes = { timeSteps: steps, sourceTimeSteps, batchSize: batch, decoderSize, encoderSize, outputSize, lengths };
  const weight_c = Float64Array.from(randomArray(outputSize * (encoderSize + decoderSize), 1, 1 / Math.sqrt(encoderSize)));
  const weight_a = Float64Array.from(randomArray(decoderSize * encoderSize, 2, 2 / Math.sqrt(decoderSize)));
  return {
    score,
    sizes,
    parameters: { weight_c, ...(score === 'general' && { weight_a }) },
    decoder: randomArray(steps * batch * decoderSize, 3),
    encoder: withNaN(sizes, randomArray(sourceTimeSteps * batch * encoderSize, 4)),
    dOutput: randomArray(steps * batch * outputSize, 5),
  };
}

export interface AttentionReport {
  /** Relative L2 by array. */ readonly errors: Errors;
  /** A second run gave the same bits. */ readonly same: boolean;
  /** How far the weights of a row are from a sum of 1, or of 0 without source. */ readonly sums: number;
  /** The largest weight past a row's length. */ readonly padding: number;
}

/** Every array against the float64 reference, the padding NaN. */
export async function againstReference(settings: readonly AttentionSetting[]): Promise<AttentionReport[]> {
  const gpu = await openDevice();
  const reports = [];
  for (const options of settings) reports.push(await report(gpu, options));
  return reports;
}

async function report(gpu: Gpu, options: AttentionSetting): Promise<AttentionReport> {
  const given = setting(options);
  const { sizes, dOutput } = given;
  const [decoder, encoder] = [Float64Array.from(given.decoder), Float64Array.from(given.encoder)];
  const parameters = given.parameters as unknown as AttentionParameters;
  const actual = await run(gpu, given);
  const again = await run(gpu, given);
  const backward = attentionBackward(sizes, parameters, decoder, encoder, Float64Array.from(dOutput));
  const expected: Arrays = { ...attentionForward(sizes, parameters, decoder, encoder), dDecoder: backward.dDecoder, dEncoder: backward.dEncoder, ...backward.parameters };
  const { timeSteps, batchSize, sourceTimeSteps } = sizes;
  let [sums, padding] = [0, 0];
  for (let row = 0; row < timeSteps * batchSize; row++) {
    const length = sizes.lengths?.[row % batchSize] ?? sourceTimeSteps;
    const weights = actual.weights!.slice(row * sourceTimeSteps, (row + 1) * sourceTimeSteps);
    sums = Math.max(sums, Math.abs(weights.reduce((a, b) => a + b, 0) - Number(length > 0)));
    padding = Math.max(padding, ...weights.slice(length).map(Math.abs));
  }
  return {
    errors: Object.fromEntries(Object.entries(expected).map(([name, values]) => [name, relativeL2(actual[name]!, values)])),
    same: Object.entries(actual).every(([name, values]) => values.every((x, i) => x === again[name]![i])),
    sums,
    padding,
  };
}

/** A decoder one step at a time, the encoder states given once and from another operator's array; beside the whole window. */
export async function stepping(): Promise<{ steps: Float32Array; whole: Float32Array; bytesLeft: number }> {
  const gpu = await openDevice();
  const { sizes, parameters, decoder, encoder } = setting({ score: 'general', shape: [5, 6, 3, 7, 9, 4], ragged: true });
  const layer = createAttention(gpu, { score: 'general', ...layerOf(sizes) });
  for (const [name, values] of Object.entries(parameters)) layer.parameters[name]!.write(floats(values));
  const whole = layer.plan(planOf(sizes));
  whole.forward({ decoder, encoder, lengths: sizes.lengths });
  const output = await whole.output.read();
  const step = layer.plan({ ...planOf(sizes), timeSteps: 1 });
  const row = sizes.batchSize * sizes.decoderSize;
  const outputs: number[] = [];
  for (let t = 0; t < sizes.timeSteps; t++) {
    const one = decoder.slice(t * row, (t + 1) * row);
    step.forward(t === 0 ? { decoder: one, encoder: whole.encoder, lengths: sizes.lengths } : { decoder: one });
    outputs.push(...(await step.output.read()));
  }
  layer.destroy();
  return { steps: floats(outputs), whole: output, bytesLeft: gpu.memory.report().totalBytes };
}

/** What each misuse says. */
export async function refusals(): Promise<Record<string, string>> {
  const gpu = await openDevice();
  const layer = createAttention(gpu, { score: 'dot', decoderSize: 2, encoderSize: 2 });
  const plan = layer.plan({ timeSteps: 1, sourceTimeSteps: 2, batchSize: 1 });
  const training = layer.plan({ timeSteps: 1, sourceTimeSteps: 2, batchSize: 1, training: true });
  const [decoder, encoder] = [new Float32Array(2), new Float32Array(4)];
  const make = (options: object) => () => createAttention(gpu, { score: 'dot', decoderSize: 2, encoderSize: 2, ...options });
  const cases: Record<string, () => unknown> = {
    score: make({ score: 'concat' }),
    unequal: make({ encoderSize: 3 }),
    size: make({ outputSize: 0 }),
    steps: () => layer.plan({ timeSteps: 1, sourceTimeSteps: 0, batchSize: 1 }),
    noSource: () => plan.forward({ decoder }),
    lengthsAlone: () => plan.forward({ decoder, lengths: [1] }),
    longLength: () => plan.forward({ decoder, encoder, lengths: [3] }),
    shortDecoder: () => plan.forward({ decoder: new Float32Array(1), encoder }),
    untrained: () => plan.backward(decoder),
    untrainedGradient: () => plan.dEncoder,
    early: () => training.backward(decoder),
  };
  return Object.fromEntries(Object.entries(cases).map(([name, body]) => {
    try {
      body();
      return [name, 'nothing was thrown'];
    } catch (error) {
      return [name, (error as Error).message];
    }
  }));
}
