// Central finite differences of the float64 reference: every element of every parameter, input and initial state.

import { test, expect } from 'playwright/test';
import type { CellOptions } from '../../src/reference/cell.ts';
import { cells, makeCell, type CellName } from '../../src/reference/cells.ts';
import { characterModelShapes, characterModelWindow, type CharacterModel } from '../../src/reference/character_model.ts';
import {
  recurrentBackward, recurrentForward, recurrentMaskShapes, recurrentShapes, type RecurrentOptions,
} from '../../src/reference/recurrent.ts';
import { IGNORED } from '../../src/reference/softmax_cross_entropy.ts';

type Arrays = Record<string, Float64Array>;

/** The error is |analytic − numeric| over the larger of the two, but at least over 1 % of the array's largest gradient. */
const BOUND = 1e-6;

/** Normal-ish values from a seed: mulberry32, twelve draws each. */
function randomArrays(seed: number): (size: number, scale?: number) => Float64Array {
  let state = seed;
  const draw = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
  return (size, scale = 1) => Float64Array.from({ length: size }, () => {
    let sum = -6;
    for (let k = 0; k < 12; k++) sum += draw();
    return sum * scale;
  });
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, extent) => product * extent, 1);

/**
 * Compares `analytic` with differences of a loss by every element of `variables`, which it moves and puts back. The loss is
 * given as its terms: subtracted one by one, they lose fewer digits than two sums would.
 */
function expectGradients(terms: () => Float64Array, variables: Arrays, analytic: Readonly<Arrays>): void {
  expect(Object.keys(analytic).sort(), 'a gradient of every variable').toEqual(Object.keys(variables).sort());
  for (const [name, values] of Object.entries(variables)) {
    const gradient = analytic[name]!;
    expect(gradient.length, name).toBe(values.length);
    const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    let worst = { index: -1, numeric: 0, error: -1 };
    for (let i = 0; i < values.length; i++) {
      const x = values[i]!;
      const step = 5e-6 * Math.max(1, Math.abs(x));
      values[i] = x + step;
      const above = terms();
      values[i] = x - step;
      const below = terms();
      values[i] = x;
      const numeric = above.reduce((sum, term, k) => sum + (term - below[k]!), 0) / (2 * step);
      const error = Math.abs(gradient[i]! - numeric) / Math.max(Math.abs(gradient[i]!), Math.abs(numeric), 0.01 * largest, 1e-3);
      if (!(error <= worst.error)) worst = { index: i, numeric, error };
    }
    expect(worst.error, `${name}[${worst.index}]: analytic ${gradient[worst.index]}, numeric ${worst.numeric}`).toBeLessThan(BOUND);
  }
}

const products = (a: Float64Array, b: Float64Array): number[] => Array.from(a, (value, i) => value * b[i]!);

/** `kinds` of masks are given wherever they have a place: dropout's keep or drop, zoneout's lie anywhere from 0 to 1. */
function checkRecurrent(options: RecurrentOptions, seed: number, kinds: readonly string[] = []): void {
  const { cell, timeSteps, batchSize, inputSize, hiddenSize, projSize = hiddenSize, numLayers = 1, direction, merge = 'concat' } = options;
  const D = direction === 'bidirectional' ? 2 : 1;
  const random = randomArrays(seed);
  const parameters: Arrays = {};
  for (const [name, shape] of Object.entries(recurrentShapes(options))) parameters[name] = random(sizeOf(shape), 0.8 / Math.sqrt(hiddenSize));
  const input = random(timeSteps * batchSize * inputSize);
  const hSize = numLayers * D * batchSize * projSize;
  const cSize = numLayers * D * batchSize * hiddenSize;
  const h0 = random(hSize, 0.5);
  const c0 = cell.states > 1 ? random(cSize, 0.5) : undefined;
  const dOutput = random(timeSteps * batchSize * (merge === 'concat' ? D : 1) * projSize);
  const dHn = random(hSize);
  const dCn = cell.states > 1 ? random(cSize) : undefined;
  const masks: Arrays = {};
  for (const [name, shape] of Object.entries(recurrentMaskShapes(options))) {
    if (!kinds.some((kind) => name.startsWith(kind))) continue;
    const zoneout = name.startsWith('zoneout');
    masks[name] = random(sizeOf(shape)).map((value) => (zoneout ? 1 / (1 + Math.exp(-value)) : value > -0.5 ? 1.5 : 0));
  }

  const terms = (): Float64Array => {
    const { output, hn, cn } = recurrentForward(options, parameters, input, { h0, c0 }, masks);
    return Float64Array.from([...products(output, dOutput), ...products(hn, dHn), ...(dCn ? products(cn, dCn) : [])]);
  };
  const back = recurrentBackward(recurrentForward(options, parameters, input, { h0, c0 }, masks), { dOutput, dHn, dCn });
  expectGradients(
    terms,
    { ...parameters, input, h0, ...(c0 ? { c0 } : {}) },
    { ...back.gradients, input: back.dInput, h0: back.dH0, ...(c0 ? { c0: back.dC0 } : {}) },
  );
}

const directions = ['forward', 'reverse', 'bidirectional'] as const;
let seed = 0;

for (const [name, cell] of Object.entries(cells)) {
  for (const direction of directions) {
    for (const layers of [1, 2, 3]) {
      for (const [steps, batch, inputSize, hiddenSize] of [[1, 1, 1, 1], [5, 3, 7, 3]] as const) {
        const lengths = batch === 3 ? [5, 0, 3] : undefined;
        for (const given of lengths ? [undefined, lengths] : [undefined]) {
          const sizes = `T ${steps}, N ${batch}, I ${inputSize}, H ${hiddenSize}`;
          seed += 1;
          const own = seed;
          test(`${name}, ${direction}, layers ${layers}, ${sizes}${given ? `, lengths ${given}` : ''}: finite differences`, () => {
            checkRecurrent({ cell, timeSteps: steps, batchSize: batch, inputSize, hiddenSize, numLayers: layers, direction, lengths: given, bias: layers !== 2 }, own);
          });
        }
      }
    }
  }
  test(`${name}, three layers of 7 units: finite differences`, () => {
    checkRecurrent({ cell, timeSteps: 7, batchSize: 1, inputSize: 3, hiddenSize: 7, numLayers: 3 }, 1000);
  });
}

// Every option once, over two layers in both directions with lengths unless it says otherwise.
interface OptionCase {
  readonly cell: CellName;
  readonly cellOptions?: CellOptions;
  readonly stack?: Partial<RecurrentOptions>;
  readonly masks?: readonly string[];
}
const hardSigmoid = { hardSigmoid: [0.3, 0.45] } as const;
const optionCases: Record<string, OptionCase> = {
  'gru, reset before': { cell: 'gru', cellOptions: { resetAfter: false } },
  'gru, reset before, no bias, one layer': { cell: 'gru', cellOptions: { resetAfter: false }, stack: { bias: false, numLayers: 1 } },
  'gru, reset before, clip, masks': { cell: 'gru', cellOptions: { resetAfter: false, clipGates: 0.6 }, masks: ['recurrent_dropout', 'zoneout'] },
  'gru, activations': { cell: 'gru', cellOptions: { activations: { gate: hardSigmoid, candidate: 'relu' } } },
  'gru, layer norm': { cell: 'gru', cellOptions: { layerNorm: true } },
  'gru, layer norm, masks': { cell: 'gru', cellOptions: { layerNorm: true }, masks: ['dropout', 'recurrent_dropout', 'zoneout'] },
  'lstm, activations': { cell: 'lstm', cellOptions: { activations: { gate: hardSigmoid, candidate: { affine: [0.5, 0.1] }, output: 'relu' } } },
  'lstm, layer norm': { cell: 'lstm', cellOptions: { layerNorm: true } },
  'lstm, layer norm, no bias, projection': { cell: 'lstm', cellOptions: { layerNorm: true }, stack: { bias: false, projSize: 2 } },
  'lstm, projection': { cell: 'lstm', stack: { projSize: 2 } },
  'lstm, merge sum': { cell: 'lstm', stack: { merge: 'sum' } },
  'lstm, merge mean, projection': { cell: 'lstm', stack: { merge: 'mean', projSize: 1 } },
  'lstm, dropout': { cell: 'lstm', masks: ['dropout'] },
  'lstm, recurrent dropout': { cell: 'lstm', masks: ['recurrent_dropout'] },
  'lstm, zoneout of h': { cell: 'lstm', masks: ['zoneout_h'] },
  'lstm, zoneout of c': { cell: 'lstm', masks: ['zoneout_c'] },
  'lstm, projection, every mask': { cell: 'lstm', stack: { projSize: 2 }, masks: ['dropout', 'recurrent_dropout', 'zoneout'] },
  'peephole_lstm, o sees the previous c': { cell: 'peephole_lstm', cellOptions: { peepholeOutput: 'previous' } },
  'peephole_lstm, layer norm': { cell: 'peephole_lstm', cellOptions: { layerNorm: true } },
  'coupled_peephole_lstm, o sees the previous c': { cell: 'coupled_peephole_lstm', cellOptions: { peepholeOutput: 'previous' } },
  'ind_rnn, tanh': { cell: 'ind_rnn', cellOptions: { activation: 'tanh' } },
  'ind_rnn, masks': { cell: 'ind_rnn', masks: ['recurrent_dropout', 'zoneout'] },
  'min_gru, zoneout': { cell: 'min_gru', masks: ['zoneout'] },
  ...Object.fromEntries((['lstm', 'peephole_lstm', 'coupled_lstm', 'coupled_peephole_lstm', 'gru', 'rnn_tanh', 'rnn_relu', 'ind_rnn'] as const)
    .map((cell) => [`${cell}, clip`, { cell, cellOptions: { clipGates: 0.6 } }])),
};
for (const [k, [name, { cell, cellOptions, stack, masks }]] of Object.entries(optionCases).entries()) {
  test(`${name}: finite differences`, () => {
    const options: RecurrentOptions = {
      cell: makeCell(cell, cellOptions), timeSteps: 4, batchSize: 3, inputSize: 3, hiddenSize: 3, numLayers: 2, direction: 'bidirectional', lengths: [4, 1, 3], ...stack,
    };
    checkRecurrent(options, 2000 + k, masks);
  });
}

const { lstm, rnn_tanh } = cells;
const models: Record<string, CharacterModel> = {
  'embedding, two LSTM layers of different sizes': { vocabulary: 5, embedding: 3, layers: [{ cell: lstm, hiddenSize: 4 }, { cell: lstm, hiddenSize: 2 }] },
  'one-hot, an LSTM on a plain layer': { vocabulary: 5, embedding: 'one-hot', layers: [{ cell: rnn_tanh, hiddenSize: 3 }, { cell: lstm, hiddenSize: 2 }] },
};
for (const [name, model] of Object.entries(models)) {
  test(`character model, ${name}: finite differences of the loss, from a carried state, with an ignored target`, () => {
    const random = randomArrays(7);
    const parameters: Arrays = {};
    for (const [key, shape] of Object.entries(characterModelShapes(model))) parameters[key] = random(sizeOf(shape), 0.7);
    const window = { timeSteps: 3, batchSize: 2, inputs: [0, 4, 2, 2, 1, 0], targets: [2, 2, 1, IGNORED, 0, 3] };
    const state = characterModelWindow(model, parameters, window).state;
    const terms = (): Float64Array => Float64Array.of(characterModelWindow(model, parameters, window, state).loss);
    expectGradients(terms, parameters, characterModelWindow(model, parameters, window, state).gradients);
  });
}
