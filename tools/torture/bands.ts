// Guard bands: every kernel at extents of 1, a tile less one, a tile and a tile more, over the cells, with poison around each buffer and
// between the parameters of one. No band is written, and the results have the same bits without bands and with either poison.
import {
  adam, cells, createAttention, createLinear, createLoss, createRecurrent, sgd, type CellName, type Gpu, type GpuArray,
  type RecurrentOptions,
} from '../../src/index.ts';
import { createLanguageModel, createTrainer, evaluate } from '../../src/language.ts';
import { characters } from '../../src/text.ts';
import { elements } from '../../src/gpu/memory.ts';
import { matmulCandidates, recurrentCandidates, type Tiles } from '../../src/gpu/tiles.ts';
import type { Parameters } from '../../src/layers/parameters.ts';
import { band, type Bands } from './banded_device.ts';
import type { Chance } from './chance.ts';
import { demandSame } from './demands.ts';
import { numbers } from './operators.ts';
import { openOwn } from './own_device.ts';
import { textOf } from './runs.ts';
import { LostError, takeTurn, type Turn, type TurnResult } from './turn.ts';

/** Words of the bands: a NaN, and a number that nothing forgets which has read it. */
const POISONS = [0x7fc0beef, 0xf149f2ca] as const;
/** Between parameters, which optimizers read: numbers, whose updates are 0. */
const GAPS = [0x60ad78ec, 0xdf1e1d2f] as const;

interface Pair {
  readonly plain: Gpu;
  readonly banded: Gpu;
  readonly bands: Bands;
  readonly tiles: Tiles;
}

let pair: Promise<Pair> | null = null;

async function open(): Promise<Pair> {
  let bands: Bands | null = null;
  const banded = await openOwn((device) => (bands = band(device)));
  const plain = await openOwn(() => {});
  return { plain, banded, bands: bands!, tiles: plain.tiles };
}

type Results = Record<string, unknown>;

/** What a case does on a device. `weights` are the parameters whose gaps can be poisoned before it runs. */
interface Case {
  readonly fault: string;
  readonly make: (gpu: Gpu) => { weights: readonly Parameters[]; run: () => Promise<Results>; destroy: () => void };
}

const array = async (given: Readonly<Record<string, GpuArray>>): Promise<Results> => Object.fromEntries(await Promise.all(Object.entries(given).map(async ([name, one]) => [name, await one.read()])));

/** 1, a tile less one, a tile, a tile more. */
function extent(chance: Chance, tiles: readonly number[]): number {
  const tile = chance.pick(tiles);
  return Math.max(1, chance.pick([1, tile - 1, tile, tile + 1]));
}

const length = (shape: readonly number[]): number => elements(shape);

function recurrentCase(chance: Chance): Case {
  const names = Object.keys(cells) as CellName[];
  const cell = chance.pick(names);
  const [T, N, I, H] = [extent(chance, [4]), extent(chance, [4, 8, 16]), extent(chance, [4, 8]), extent(chance, [4, 8, 16])];
  const hasC = cell.includes('lstm');
  const direction = chance.pick(['forward', 'forward', 'reverse', 'bidirectional'] as const);
  const options: RecurrentOptions = {
    cell, inputSize: I, hiddenSize: H, seed: 3, direction, numLayers: chance.pick([1, 1, 2]),
    ...(direction === 'bidirectional' && { merge: chance.pick(['concat', 'sum', 'mean'] as const) }),
    ...(hasC && H > 1 && chance.often(0.25) && { projSize: chance.whole(1, H - 1) }),
    ...((hasC || cell === 'gru') && chance.often(0.2) && { layerNorm: true }),
    ...(chance.often(0.2) && { batchFirst: true }), ...(chance.often(0.2) && { bias: false }), ...(chance.often(0.2) && { dropout: 0.3, zoneout: { h: 0.2 } }),
  };
  const ragged = chance.often(0.4);
  const lengths = Array.from({ length: N }, () => chance.whole(0, T));
  const checkpointEvery = direction === 'forward' && chance.often(0.2) ? chance.whole(1, T) : undefined;
  const streams = direction === 'forward';
  return {
    fault: `guard bands of ${cell}`,
    make(gpu) {
      const network = createRecurrent(gpu, options);
      const plan = network.plan({ timeSteps: T, batchSize: N, training: true, ragged, ...(checkpointEvery && { checkpointEvery }) });
      const stream = streams ? network.stream({ batchSize: N }) : null;
      return {
        weights: [network.weights],
        async run() {
          network.zeroGradients();
          plan.forward({ input: numbers(T * N * I, 1), h0: numbers(length(plan.hn.shape), 2), ...(hasC && { c0: numbers(length(plan.cn.shape), 3) }), ...(ragged && { lengths }) });
          const forward = await array({ output: plan.output, hn: plan.hn, cn: plan.cn });
          plan.backward({ dOutput: numbers(length(plan.output.shape), 4), dHn: numbers(length(plan.hn.shape), 5) });
          stream?.reset();
          stream?.step(numbers(N * I, 6));
          // Masks are drawn anew by each pass of a plan: the first pass of each is compared.
          return { ...forward, ...await array({ dInput: plan.dInput, dH0: plan.dH0, ...network.gradients, ...(stream && { 'stream.h': stream.h }) }) };
        },
        destroy: () => network.destroy(),
      };
    },
  };
}

function modelCase(chance: Chance): Case {
  const V = Math.max(2, extent(chance, [4, 16, 64]));
  const text = characters(Array.from({ length: 600 }, (_, i) => String.fromCodePoint(0x61 + ((i * 7 + (i >> 3)) % V))).join(''));
  const [T, N, H] = [extent(chance, [4]), extent(chance, [4, 16]), extent(chance, [4, 16])];
  const cell = chance.pick(['lstm', 'gru', 'rnn_tanh', 'min_gru'] as const);
  const embedding = chance.pick(['one-hot', { size: extent(chance, [4, 8]) }] as const);
  const momentum = chance.often(0.5);
  return {
    fault: 'guard bands of models, trainers, evaluation and generation',
    make(gpu) {
      const model = createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding, layers: [{ cell, hiddenSize: H }], seed: 2 });
      const trainer = createTrainer(model, { optimizer: momentum ? sgd({ learningRate: 0.1, momentum: 0.5 }) : adam({ learningRate: 1e-2 }), batchSize: N, timeSteps: T, gradientClip: 1 });
      return {
        weights: [model.weights],
        async run() {
          const losses: number[] = [];
          for await (const { loss, gradientNorm } of trainer.run(text, { steps: 2 })) losses.push(loss, gradientNorm);
          const { loss } = await evaluate(model, text, { batchSize: N, timeSteps: T, windows: 1 });
          return { losses, loss, text: await textOf(model.generateMany([text.vocabulary.symbols[0]!, text.vocabulary.symbols.slice(0, 2).join('')], { length: 18, topK: 3 })), saved: await model.save() };
        },
        destroy: () => (trainer.destroy(), model.destroy()),
      };
    },
  };
}

function operatorCase(chance: Chance): Case {
  const [T, S, N, H, V] = [extent(chance, [4]), extent(chance, [4, 8]), extent(chance, [4, 8]), extent(chance, [4, 16]), extent(chance, [4, 16])];
  const kind = chance.pick(['cross_entropy', 'mean_squared_error', 'binary_cross_entropy'] as const);
  const score = chance.pick(['dot', 'general'] as const);
  const lengths = Array.from({ length: N }, () => chance.whole(0, S));
  return {
    fault: 'guard bands of attention, linear layers and losses',
    make(gpu) {
      const attention = createAttention(gpu, { score, decoderSize: H, encoderSize: H, seed: 2 });
      const head = createLinear(gpu, { inputSize: H, outputSize: V, seed: 3 });
      const [looking, rows] = [attention.plan({ timeSteps: T, sourceTimeSteps: S, batchSize: N, training: true }), head.plan({ rows: T * N })];
      const loss = createLoss(gpu, { loss: kind, timeSteps: T, batchSize: N, features: V });
      return {
        weights: [attention.weights, head.weights],
        async run() {
          gpu.submit('clear', (encoder) => [attention, head].forEach(({ weights }) => encoder.clearBuffer(gpu.memory.get(weights.flatGradient.buffer), 0, weights.flatGradient.buffer.bytes)));
          looking.forward({ decoder: numbers(T * N * H, 1), encoder: numbers(S * N * H, 2), lengths });
          rows.forward(looking.output);
          loss.run({ values: rows.output, targets: kind === 'cross_entropy' ? Uint32Array.from({ length: T * N }, (_, i) => i % V) : numbers(T * N * V, 4).map(Math.abs) });
          rows.backward(loss.gradient);
          looking.backward(rows.dInput);
          const { loss: mean, stepLoss } = await loss.read();
          return { mean, stepLoss, ...await array({ weights: looking.weights, output: rows.output, dDecoder: looking.dDecoder, dEncoder: looking.dEncoder, ...attention.gradients, ...head.gradients }) };
        },
        destroy: () => [loss, attention, head].forEach((object) => object.destroy()),
      };
    },
  };
}

/** Where parameters do not reach in their flat buffer: from and to, in elements. */
function gapsOf(weights: Parameters): (readonly [from: number, to: number])[] {
  const ends = weights.specs.map(({ name }) => weights.slice(name)).map(({ offset, shape }) => offset + length(shape));
  const starts = [...weights.specs.slice(1).map(({ name }) => weights.slice(name).offset), length(weights.flat.shape)];
  return ends.map((end, i) => [end, starts[i]!] as const).filter(([from, to]) => to > from);
}

/** @throws LostError where a gap does not hold what is expected of it */
async function demandGaps(gpu: Gpu, weights: Parameters, word: number): Promise<void> {
  for (const [of, slice, expected] of [['weights', weights.flat, word], ['gradients', weights.flatGradient, 0]] as const) {
    const found = new Uint32Array(await gpu.readBytes(slice));
    for (const [from, to] of gapsOf(weights)) {
      const at = found.subarray(from, to).findIndex((value) => value !== expected);
      if (at >= 0) throw new LostError(`the ${of} were written between parameters, at element ${from + at}, behind ${weights.nameAt(from)}`);
    }
  }
}

/** Tiles other than the adapter's own, the same for both devices. */
function otherTiles(chance: Chance, tiles: Tiles): Tiles {
  if (chance.often(0.7)) return tiles;
  const matmul = chance.pick(matmulCandidates(tiles, { kind: 'matmul', form: 'nt', M: 64, N: 64, K: 64 }));
  const recurrent = (kind: 'forward' | 'backward') => chance.pick(recurrentCandidates(tiles, { kind, cell: 'lstm', timeSteps: 4, batchSize: 8, hiddenSize: 8, directions: 1 }));
  const specializeAbove = chance.pick([0, matmul.specializeAbove]);
  return { ...tiles, matmul: { ...matmul, specializeAbove }, forward: { ...recurrent('forward'), specializeAbove }, backward: { ...recurrent('backward'), specializeAbove } };
}

async function withPoison({ banded, bands }: Pair, { make }: Case, poison: number, gap: number): Promise<Results> {
  bands.poison(poison);
  const { weights, run, destroy } = make(banded);
  for (const one of weights) for (const [from, to] of gapsOf(one)) bands.write(banded.memory.get(one.flat.buffer), 4 * from, new Uint32Array(to - from).fill(gap));
  const results = await run();
  for (const one of weights) await demandGaps(banded, one, gap);
  const damage = await bands.damage();
  if (damage.length > 0) throw new LostError(`a band was written: ${damage.slice(0, 3).join('; ')}`);
  destroy();
  await banded.check();
  return results;
}

export function guardBands(turn: Turn): Promise<TurnResult> {
  return takeTurn('bands', turn, async (chance, tally, index) => {
    const all = await (pair ??= open());
    const one = index % 4 === 1 ? modelCase(chance) : index % 4 === 3 ? operatorCase(chance) : recurrentCase(chance);
    tally.attempt(one.fault);
    all.plain.tiles = all.banded.tiles = otherTiles(chance, all.tiles);
    const { run, destroy } = one.make(all.plain);
    const expected = await run();
    destroy();
    await all.plain.check();
    for (const [i, poison] of POISONS.entries()) {
      const found = await withPoison(all, one, poison, GAPS[i]!);
      for (const [name, value] of Object.entries(expected)) demandSame(`${name} with bands of 0x${poison.toString(16)}`, found[name], value);
      tally.inject(one.fault);
    }
  });
}

