import { createRecurrent, openDevice, type CellName, type LayerTrace, type RecurrentOptions } from '../../src/index.ts';
import { randomUniform } from '../../src/layers/random.ts';
import { makeCell, type CellName as ReferenceName } from '../../src/reference/cells.ts';
import { recurrentBackward, recurrentForward, type Masks } from '../../src/reference/recurrent.ts';
import { relativeL2 } from '../golden.ts';
import { randomArray } from './random_arrays.ts';

export interface RegularisedCase {
  readonly cell: CellName;
  readonly direction: 'forward' | 'reverse' | 'bidirectional';
  /** [N], all of T steps without it. */
  readonly lengths?: readonly number[];
  readonly dropout: number;
  readonly zoneout: { readonly h?: number; readonly c?: number };
  readonly recurrentDropout?: number;
  readonly training: boolean;
  readonly projSize?: number;
  readonly layerNorm?: boolean;
}

/** A cell, plain or not. */
export type CellChoice = Pick<RegularisedCase, 'cell' | 'projSize' | 'layerNorm'>;

const SHAPE = { inputSize: 4, hiddenSize: 6, numLayers: 3, seed: 9 };
const WINDOW = { timeSteps: 5, batchSize: 3 };

/** The masks of the engine's first forward pass (counter 1), by the definition of its generator. */
function masksOf({ cell, direction, dropout, zoneout, recurrentDropout = 0, training, projSize }: RegularisedCase): Masks {
  const { hiddenSize: H, numLayers, seed } = SHAPE;
  const F = projSize ?? H;
  const { timeSteps: T, batchSize: N } = WINDOW;
  const D = direction === 'bidirectional' ? 2 : 1;
  const chance = (stream: number, element: number): number => randomUniform((seed ^ stream) >>> 0, 1, element);
  const masks: Record<string, Float64Array> = {};
  for (let l = 0; l < numLayers; l++) {
    if (dropout > 0 && training && l < numLayers - 1) {
      masks[`dropout_l${l}`] = Float64Array.from({ length: T * N * D * F }, (_, i) => (chance(0x10000 + l, i) >= dropout ? 1 / (1 - dropout) : 0));
    }
    for (let d = 0; d < D; d++) {
      const suffix = `l${l}${d === 1 || direction === 'reverse' ? '_reverse' : ''}`;
      const zone = (which: number, p: number, width: number): Float64Array =>
        Float64Array.from({ length: T * N * width }, (_, i) => {
          const element = (Math.floor(i / width) * D + d) * width + (i % width);
          return training ? Number(chance(16 * l + 1 + which, element) < p) : p;
        });
      if (recurrentDropout > 0 && training) {
        masks[`recurrent_dropout_${suffix}`] = Float64Array.from({ length: N * F }, (_, i) =>
          chance(16 * l + 3, d * N * F + i) >= recurrentDropout ? 1 / (1 - recurrentDropout) : 0);
      }
      if (zoneout.h) masks[`zoneout_h_${suffix}`] = zone(0, zoneout.h, F);
      if (zoneout.c && cell.includes('lstm')) masks[`zoneout_c_${suffix}`] = zone(1, zoneout.c, H);
    }
  }
  return masks;
}

/** Relative L2 errors against the reference with the same masks; forward only where not training. */
export async function compare(given: RegularisedCase): Promise<Record<string, number>> {
  const { cell, direction, lengths, dropout, zoneout, recurrentDropout = 0, training, projSize, layerNorm = false } = given;
  const { numLayers, hiddenSize, inputSize } = SHAPE;
  const { timeSteps, batchSize } = WINDOW;
  const gpu = await openDevice();
  const network = createRecurrent(gpu, { ...SHAPE, cell, direction, dropout, zoneout, recurrentDropout, layerNorm, ...(projSize && { projSize }) });
  const plan = network.plan({ ...WINDOW, training, ragged: lengths !== undefined });
  const D = direction === 'bidirectional' ? 2 : 1;
  const input = randomArray(timeSteps * batchSize * inputSize, 1);
  const features = projSize ?? hiddenSize;
  const dOutput = randomArray(timeSteps * batchSize * D * features, 2);
  const h0 = randomArray(numLayers * D * batchSize * features, 3);
  plan.forward({ input, h0, ...(lengths && { lengths }) });
  const actual: Record<string, Float32Array> = { output: await plan.output.read(), hn: await plan.hn.read() };
  if (training) {
    plan.backward({ dOutput });
    actual.dInput = await plan.dInput.read();
    actual.dH0 = await plan.dH0.read();
    for (const [name, array] of Object.entries(network.gradients)) actual[name] = await array.read();
  }
  const parameters: Record<string, Float64Array> = {};
  for (const [name, array] of Object.entries(network.parameters)) parameters[name] = Float64Array.from(await array.read());
  const options = { cell: makeCell(cell as ReferenceName, { ...(layerNorm && { layerNorm }) }), inputSize, hiddenSize, projSize, numLayers, timeSteps, batchSize, direction, lengths };
  const reference = recurrentForward(options, parameters, Float64Array.from(input), { h0: Float64Array.from(h0) }, masksOf(given));
  const expected: Record<string, Float64Array> = { output: reference.output, hn: reference.hn };
  if (training) {
    const { dInput, dH0, gradients } = recurrentBackward(reference, { dOutput: Float64Array.from(dOutput) });
    Object.assign(expected, { dInput, dH0, ...gradients });
  }
  return Object.fromEntries(Object.entries(expected).map(([name, values]) => [name, relativeL2(actual[name]!, values)]));
}

/** Outputs of two passes of a plan with dropout, and of one of another network with the same seed. */
export async function masksChange(): Promise<Float32Array[]> {
  const gpu = await openDevice();
  const input = randomArray(WINDOW.timeSteps * WINDOW.batchSize * SHAPE.inputSize, 1);
  const outputs: Float32Array[] = [];
  for (const passes of [2, 1]) {
    const plan = createRecurrent(gpu, { ...SHAPE, cell: 'gru', dropout: 0.4 }).plan({ ...WINDOW, training: true });
    for (let pass = 0; pass < passes; pass++) {
      plan.forward({ input });
      outputs.push(await plan.output.read());
    }
  }
  return outputs;
}

/**
 * Four passes that draw masks: by `forward`, and encoded, three into one encoder and one into the next, all but the first without inputs. The
 * outputs of each way, and the gradients of the backward pass behind the last.
 */
export async function encodedMasks({ masks, ragged, checkpointEvery }: { masks: Pick<RegularisedCase, 'dropout' | 'zoneout' | 'recurrentDropout'>; ragged: boolean; checkpointEvery?: number }) {
  const gpu = await openDevice();
  const { timeSteps, batchSize } = WINDOW;
  const inputs = { input: randomArray(timeSteps * batchSize * SHAPE.inputSize, 1), ...(ragged && { lengths: [5, 2, 4] }) };
  const dOutput = randomArray(timeSteps * batchSize * SHAPE.hiddenSize, 2);
  const make = () => {
    const network = createRecurrent(gpu, { ...SHAPE, cell: 'gru', ...masks });
    return { network, plan: network.plan({ ...WINDOW, training: true, ragged, ...(checkpointEvery && { checkpointEvery }) }) };
  };
  const called = make();
  const byCalls: Float32Array[] = [];
  for (let pass = 0; pass < 4; pass++) {
    called.plan.forward(inputs);
    byCalls.push(await called.plan.output.read());
  }
  called.plan.backward({ dOutput });
  const { network, plan } = make();
  const kept = Array.from({ length: 4 }, () => gpu.device.createBuffer({ size: plan.output.byteLength, usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.COPY_SRC }));
  for (const passes of [[0, 1, 2], [3]]) {
    const encoder = gpu.device.createCommandEncoder();
    for (const pass of passes) {
      if (pass === 0) plan.encodeForward(encoder, inputs);
      else plan.encodeForward(encoder);
      encoder.copyBufferToBuffer(plan.output.buffer, plan.output.offsetBytes, kept[pass]!, 0, plan.output.byteLength);
    }
    if (passes[0] === 3) plan.encodeBackward(encoder, { dOutput });
    gpu.device.queue.submit([encoder.finish()]);
  }
  const encoded: Float32Array[] = [];
  for (const buffer of kept) {
    gpu.submit('take', (encoder) => plan.output.take(buffer, encoder));
    encoded.push(await plan.output.read());
  }
  return { byCalls, encoded, gradients: await Promise.all([called.network, network].map((each) => gpu.read(each.weights.flatGradient))) };
}

/** A traced plan and an untraced one over the same rows. */
export async function trace({ lengths, ...cell }: CellChoice & { lengths: number[] }) {
  const { inputSize } = SHAPE;
  const features = cell.projSize ?? SHAPE.hiddenSize;
  const { timeSteps, batchSize } = WINDOW;
  const gpu = await openDevice();
  const network = createRecurrent(gpu, { ...SHAPE, ...cell, direction: 'bidirectional' });
  const input = randomArray(timeSteps * batchSize * inputSize, 1, 4);
  const dOutput = randomArray(timeSteps * batchSize * 2 * features, 2);
  const run = async (withTrace: boolean) => {
    const plan = network.plan({ ...WINDOW, training: true, ragged: true, trace: withTrace });
    plan.forward({ input, lengths });
    plan.backward({ dOutput });
    return { dInput: await plan.dInput.read(), measured: withTrace ? await plan.readTrace() : [] };
  };
  const [traced, untraced] = [await run(true), await run(false)];
  return { sameGradients: traced.dInput.every((x, i) => x === untraced.dInput[i]), measured: traced.measured };
}

/** Of simple networks whose one gate is their output: its share within 0.05 of these limits, as traced and as counted, by step. */
export async function saturationOf({ limits, ...options }: Pick<RecurrentOptions, 'activations' | 'clipGates'> & { cell: 'rnn_tanh' | 'rnn_relu' | 'ind_rnn'; limits: readonly number[] }) {
  const gpu = await openDevice();
  const [steps, batch, hiddenSize] = [3, 4, 9];
  const plan = createRecurrent(gpu, { ...options, inputSize: 2, hiddenSize, seed: 3 }).plan({ timeSteps: steps, batchSize: batch, training: true, trace: true });
  plan.forward({ input: randomArray(steps * batch * 2, 1, 20) });
  const output = await plan.output.read();
  plan.backward({ dOutput: new Float32Array(output.length) });
  const [{ saturation }] = (await plan.readTrace()) as [LayerTrace];
  const near = (y: number): boolean => limits.some((limit) => Math.abs(y - limit) <= 0.05);
  return {
    traced: Object.values(saturation)[0]!.flat(),
    counted: Array.from({ length: steps }, (_, t) => output.subarray(t * batch * hiddenSize, (t + 1) * batch * hiddenSize).filter(near).length / (batch * hiddenSize)),
  };
}

/**
 * The traced saturation of every gate of one layer of LSTM or GRU, both ways over rows of different lengths, and that of gates that the host
 * computes in float64 from the weights and the states before: by gate [T][D].
 */
export async function saturationByHost({ cell }: { cell: 'lstm' | 'gru' }) {
  const gpu = await openDevice();
  const [T, N, I, H] = [4, 5, 3, 9];
  const lengths = [4, 1, 3, 0, 2];
  const letters = cell === 'lstm' ? ['i', 'f', 'g', 'o'] : ['r', 'z', 'n'];
  const network = createRecurrent(gpu, { cell, inputSize: I, hiddenSize: H, direction: 'bidirectional', seed: 3 });
  const plan = network.plan({ timeSteps: T, batchSize: N, training: true, ragged: true, trace: true });
  const input = randomArray(T * N * I, 1, 12);
  plan.forward({ input, lengths });
  const output = await plan.output.read();
  plan.backward({ dOutput: new Float32Array(output.length) });
  const [{ saturation }] = (await plan.readTrace()) as [LayerTrace];
  const counted: Record<string, number[][]> = Object.fromEntries(letters.map((letter) => [letter, Array.from({ length: T }, () => [0, 0])]));
  for (const [d, suffix] of ['', '_reverse'].entries()) {
    const [w, u, b, c] = await Promise.all(['weight_ih', 'weight_hh', 'bias_ih', 'bias_hh'].map((kind) => network.parameters[`${kind}_l0${suffix}`]!.read())) as [Float32Array, Float32Array, Float32Array, Float32Array];
    const h = (t: number, n: number, k: number): number => (t < 0 || t >= lengths[n]! ? 0 : output[(t * N + n) * 2 * H + d * H + k]!);
    for (let t = 0; t < T; t++) {
      const alive = lengths.flatMap((length, n) => (t < length ? [n] : []));
      for (const n of alive) {
        for (let unit = 0; unit < H; unit++) {
          const sides = (gate: number): [number, number] => {
            const row = gate * H + unit;
            let [x, y] = [b[row]!, c[row]!];
            for (let i = 0; i < I; i++) x += w[row * I + i]! * input[(t * N + n) * I + i]!;
            for (let k = 0; k < H; k++) y += u[row * H + k]! * h(d === 0 ? t - 1 : t + 1, n, k);
            return [x, y];
          };
          const sigmoid = (gate: number): number => 1 / (1 + Math.exp(-sides(gate)[0] - sides(gate)[1]));
          const tanh = (gate: number, reset: number): number => Math.tanh(sides(gate)[0] + reset * sides(gate)[1]);
          letters.forEach((letter, gate) => {
            const isCandidate = letter === 'g' || letter === 'n';
            const y = isCandidate ? tanh(gate, cell === 'gru' ? sigmoid(0) : 1) : sigmoid(gate);
            if (y <= (isCandidate ? -0.95 : 0.05) || y >= 0.95) counted[letter]![t]![d]! += 1 / (alive.length * H);
          });
        }
      }
    }
  }
  return { traced: saturation, counted };
}

/** The saturation of min_gru's z and n, which has no activation and so no limits, where both are large. */
export async function saturationOfMinGru(): Promise<Readonly<Record<string, readonly (readonly number[])[]>>> {
  const gpu = await openDevice();
  const plan = createRecurrent(gpu, { cell: 'min_gru', inputSize: 2, hiddenSize: 9, seed: 3 }).plan({ timeSteps: 2, batchSize: 4, training: true, trace: true });
  plan.forward({ input: randomArray(2 * 4 * 2, 1, 60) });
  plan.backward({ dOutput: new Float32Array(2 * 4 * 9) });
  return (await plan.readTrace())[0]!.saturation;
}

/** One layer, one direction: the traced norms beside dL/dh[t] found by running the window's tail alone from h[t]. */
export async function traceByTails(cell: CellChoice): Promise<{ traced: number[]; expected: number[] }> {
  const { hiddenSize, inputSize } = SHAPE;
  const { batchSize } = WINDOW;
  const steps = 6;
  const gpu = await openDevice();
  const network = createRecurrent(gpu, { ...cell, inputSize, hiddenSize, seed: 2 });
  const features = cell.projSize ?? hiddenSize;
  const input = randomArray(steps * batchSize * inputSize, 1, 3);
  const dOutput = randomArray(steps * batchSize * features, 2);
  const plan = network.plan({ timeSteps: steps, batchSize, training: true, trace: true });
  plan.forward({ input });
  plan.backward({ dOutput });
  const [layer] = await plan.readTrace();
  const row = batchSize * features;
  const expected: number[] = [];
  for (let t = 0; t < steps; t++) {
    const through = new Float32Array(row);
    if (t + 1 < steps) {
      const head = network.plan({ timeSteps: t + 1, batchSize });
      head.forward({ input: input.slice(0, (t + 1) * batchSize * inputSize) });
      const tail = network.plan({ timeSteps: steps - t - 1, batchSize, training: true });
      tail.forward({ input: input.slice((t + 1) * batchSize * inputSize), h0: head.hn, c0: head.cn });
      tail.backward({ dOutput: dOutput.slice((t + 1) * row) });
      // What comes back through h alone: dL/dh[t] of an LSTM leaves out the way through c[t].
      through.set(await tail.dH0.read());
    }
    expected.push(Math.hypot(...dOutput.slice(t * row, (t + 1) * row).map((x, i) => x + through[i]!)));
  }
  return { traced: layer!.gradientNorms.map(([norm]) => norm!), expected };
}

/** A stream step by step beside a plan over the whole sequence; a snapshot, a fork and a restore of it. */
export async function stream(cell: CellChoice) {
  const { inputSize } = SHAPE;
  const features = cell.projSize ?? SHAPE.hiddenSize;
  const { timeSteps, batchSize } = WINDOW;
  const gpu = await openDevice();
  const network = createRecurrent(gpu, { ...SHAPE, ...cell });
  const plan = network.plan(WINDOW);
  const input = randomArray(timeSteps * batchSize * inputSize, 1);
  plan.forward({ input });
  const whole = await plan.output.read();
  const one = network.stream({ batchSize });
  const take = async (source: typeof one, from: number, to: number): Promise<Float32Array> => {
    const outputs = new Float32Array((to - from) * batchSize * features);
    for (let t = from; t < to; t++) {
      source.step(input.slice(t * batchSize * inputSize, (t + 1) * batchSize * inputSize));
      outputs.set(await source.output.read(), (t - from) * batchSize * features);
    }
    return outputs;
  };
  const head = await take(one, 0, 2);
  const kept = await one.snapshot();
  const twin = one.fork();
  const tail = await take(one, 2, timeSteps);
  const forked = await take(twin, 2, timeSteps);
  one.restore(kept);
  const restored = await take(one, 2, timeSteps);
  one.reset();
  const again = await take(one, 0, 2);
  network.destroy();
  return { whole, single: Float32Array.of(...head, ...tail), head, tail, forked, restored, again, bytesLeft: gpu.memory.report().totalBytes };
}

/** A stream whose rows are exchanged midway, beside the steps and state of the rows that they go on from; and what a wrong row says. */
export async function reorder({ cell }: { cell: CellName }) {
  const { inputSize, hiddenSize } = SHAPE;
  const { batchSize } = WINDOW;
  const gpu = await openDevice();
  const network = createRecurrent(gpu, { ...SHAPE, cell });
  const [one, other] = [network.stream({ batchSize }), network.stream({ batchSize })];
  const rows = Array.from({ length: batchSize }, (_, n) => (n === 0 ? batchSize - 1 : n === 1 ? 1 : 0));
  const pick = (values: Float32Array, columns: number): Float32Array<ArrayBuffer> =>
    values.map((_, i) => {
      const [layer, n] = [Math.floor(i / (batchSize * columns)), Math.floor(i / columns) % batchSize];
      return values[(layer * batchSize + rows[n]!) * columns + (i % columns)]!;
    }) as Float32Array<ArrayBuffer>;
  const [first, second] = [randomArray(batchSize * inputSize, 1), randomArray(batchSize * inputSize, 2)];
  // Rows that go on from another's state, and rows that had its input from the beginning.
  one.step(first);
  const before = await one.snapshot();
  one.reorder(rows);
  const after = await one.snapshot();
  one.step(second);
  other.step(pick(first, inputSize));
  other.step(second);
  const said = [rows.slice(1), rows.with(1, batchSize), rows.with(1, -1)].map((wrong) => {
    try {
      one.reorder(wrong);
      return 'nothing was thrown';
    } catch (error) {
      return (error as Error).message;
    }
  });
  const result = {
    h: after.h, c: after.c, pickedH: pick(before.h, hiddenSize), pickedC: pick(before.c, hiddenSize), moved: before.h.some((x, i) => x !== after.h[i]),
    output: await one.output.read(), expected: await other.output.read(), said, batch: batchSize,
  };
  network.destroy();
  return { ...result, bytesLeft: gpu.memory.report().totalBytes };
}
