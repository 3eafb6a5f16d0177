// The reference's pieces against numbers that were worked out by hand, its laws, and its errors.

import { test, expect } from 'playwright/test';
import { adam } from '../../src/reference/adam.ts';
import { backpropagate } from '../../src/reference/backpropagate.ts';
import { cells, makeCell } from '../../src/reference/cells.ts';
import { characterModelShapes, characterModelWindow, type LayerState, type WindowResult } from '../../src/reference/character_model.ts';
import { embeddingBackward, embeddingForward, oneHot } from '../../src/reference/embedding.ts';
import { gradientNorm } from '../../src/reference/gradient_norm.ts';
import { linearBackward, linearForward } from '../../src/reference/linear.ts';
import { recurrentBackward, recurrentForward, recurrentShapes } from '../../src/reference/recurrent.ts';
import { sgd } from '../../src/reference/sgd.ts';
import { IGNORED, softmaxCrossEntropy } from '../../src/reference/softmax_cross_entropy.ts';
import { unfold } from '../../src/reference/unfold.ts';

const floats = (...values: number[]): Float64Array => Float64Array.from(values);
const filled = (shapes: Record<string, number[]>): Record<string, Float64Array> => {
  let k = 0;
  return Object.fromEntries(Object.entries(shapes).map(([name, shape]) => [
    name, Float64Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => Math.sin(++k)),
  ]));
};
const { lstm } = cells;

test('LSTM, one step of one unit: the sum written out', () => {
  const parameters = {
    weight_ih_l0: floats(0.5, -0.25, 1, 2), weight_hh_l0: floats(1, 0.5, -1, 0.25), bias_ih_l0: floats(0.1, 0.2, 0.3, 0.4), bias_hh_l0: floats(-0.3, 0.1, 0, 0.1),
  };
  const x = 2, h0 = 0.5, c0 = -0.75;
  const s = (value: number): number => 1 / (1 + Math.exp(-value));
  // Pre-activations W·x + b_ih + R·h + b_hh of i f g o:
  const i = s(1 + 0.1 + 0.5 - 0.3);
  const f = s(-0.5 + 0.2 + 0.25 + 0.1);
  const g = Math.tanh(2 + 0.3 - 0.5);
  const o = s(4 + 0.4 + 0.125 + 0.1);
  const c = f * c0 + i * g;
  const h = o * Math.tanh(c);

  const options = { cell: lstm, timeSteps: 1, batchSize: 1, inputSize: 1, hiddenSize: 1 };
  const forward = recurrentForward(options, parameters, floats(x), { h0: floats(h0), c0: floats(c0) });
  expect(forward.cn[0]).toBeCloseTo(c, 14);
  expect(forward.hn[0]).toBeCloseTo(h, 14);
  expect([...forward.output]).toEqual([...forward.hn]);

  // Loss 3·h + 7·c, the 3 split over the output and the final state.
  const dC = 7 + 3 * o * (1 - Math.tanh(c) ** 2);
  const gates = [dC * g * i * (1 - i), dC * c0 * f * (1 - f), dC * i * (1 - g * g), 3 * Math.tanh(c) * o * (1 - o)];
  const back = recurrentBackward(forward, { dOutput: floats(1), dHn: floats(2), dCn: floats(7) });
  expect(back.dC0[0]).toBeCloseTo(dC * f, 13);
  expect(back.dH0[0]).toBeCloseTo(gates[0]! * 1 + gates[1]! * 0.5 - gates[2]! + gates[3]! * 0.25, 13);
  expect(back.dInput[0]).toBeCloseTo(gates[0]! * 0.5 - gates[1]! * 0.25 + gates[2]! * 1 + gates[3]! * 2, 13);
  gates.forEach((gate, k) => {
    expect(back.gradients['bias_ih_l0']![k]).toBeCloseTo(gate, 13);
    expect(back.gradients['bias_hh_l0']![k]).toBeCloseTo(gate, 13);
    expect(back.gradients['weight_ih_l0']![k]).toBeCloseTo(gate * x, 13);
    expect(back.gradients['weight_hh_l0']![k]).toBeCloseTo(gate * h0, 13);
  });
});

test('the reverse direction is the forward one over the reversed input', () => {
  const sizes = { cell: lstm, timeSteps: 4, batchSize: 2, inputSize: 3, hiddenSize: 2 };
  const parameters = filled(recurrentShapes(sizes));
  const reversed = Object.fromEntries(Object.entries(parameters).map(([name, array]) => [`${name}_reverse`, array]));
  const input = filled({ input: [4, 2, 3] })['input']!;
  const backwards = (array: Float64Array, width: number): number[] => [3, 2, 1, 0].flatMap((t) => [...array.subarray(t * width, (t + 1) * width)]);
  const forward = recurrentForward(sizes, parameters, Float64Array.from(backwards(input, 6)));
  const reverse = recurrentForward({ ...sizes, direction: 'reverse' }, reversed, input);
  expect([...reverse.hn]).toEqual([...forward.hn]);
  expect([...reverse.output]).toEqual(backwards(forward.output, 4));
});

test('a row with a length is the row run alone; beyond it the output and the gradient are 0', () => {
  const sizes = { cell: lstm, inputSize: 2, hiddenSize: 3, numLayers: 2, direction: 'bidirectional' } as const;
  const parameters = filled(recurrentShapes(sizes));
  const input = filled({ input: [5, 2, 2] })['input']!;
  const dOutput = filled({ dOutput: [5, 2, 6] })['dOutput']!;
  const row = (array: Float64Array, n: number, steps: number, width: number): number[] =>
    Array.from({ length: steps }, (_, t) => [...array.subarray((t * 2 + n) * width, (t * 2 + n + 1) * width)]).flat();

  const both = recurrentForward({ ...sizes, timeSteps: 5, batchSize: 2, lengths: [5, 3] }, parameters, input);
  const bothBack = recurrentBackward(both, { dOutput });
  for (const [n, steps] of [[0, 5], [1, 3]] as const) {
    const alone = recurrentForward({ ...sizes, timeSteps: steps, batchSize: 1 }, parameters, Float64Array.from(row(input, n, steps, 2)));
    const back = recurrentBackward(alone, { dOutput: Float64Array.from(row(dOutput, n, steps, 6)) });
    const padding = (width: number): number[] => new Array<number>((5 - steps) * width).fill(0);
    expect(row(both.output, n, 5, 6)).toEqual([...alone.output, ...padding(6)]);
    expect(row(bothBack.dInput, n, 5, 2)).toEqual([...back.dInput, ...padding(2)]);
    expect(row(both.cn, n, 4, 3)).toEqual([...alone.cn]);
  }
});

test('one direction of a layer: leaves its arguments as they were, and refuses states that the cell has not got', () => {
  const options = { cell: lstm, timeSteps: 2, batchSize: 1, inputSize: 1, hiddenSize: 1 };
  const { weight_ih, weight_hh } = filled({ weight_ih: [4, 1], weight_hh: [4, 1] });
  const weights = { weight_ih: weight_ih!, weight_hh: weight_hh! };
  const given = { input: floats(1, 2), h: floats(0.5), c: floats(-0.5), dOutput: floats(1, 1), dH: floats(2), dC: floats(3) };
  const before = structuredClone(given);
  backpropagate(unfold(options, weights, given.input, [given.h, given.c]), given.dOutput, [given.dH, given.dC]);
  expect(given).toEqual(before);

  expect(() => unfold(options, weights, given.input, [given.h])).toThrow(/initial holds 1 states, but the cell lstm carries 2/);
  expect(() => unfold(options, weights, given.input, [given.h, floats(1, 2)])).toThrow(/initial\[1\] has 2 values, but its shape \[1, 1\] holds 1/);
  expect(() => unfold(options, { ...weights, bias_ih: floats(1, 2, 3, 4) }, given.input, [given.h, given.c])).toThrow(/bias_hh is missing; the cell lstm has it/);
  expect(() => unfold(options, { ...weights, peephole: floats(1) }, given.input, [given.h, given.c])).toThrow(/peephole is given, but this layer of the cell lstm has none/);
});

test('two windows with the state carried are one long window', () => {
  const model = { vocabulary: 4, embedding: 'one-hot', layers: [{ cell: lstm, hiddenSize: 3 }, { cell: lstm, hiddenSize: 2 }] } as const;
  const parameters = filled(characterModelShapes(model));
  const tokens = [0, 1, 2, 3, 3, 2, 1, 0, 2];
  const run = (from: number, steps: number, state?: readonly LayerState[]): WindowResult => {
    const part = { timeSteps: steps, batchSize: 1, inputs: tokens.slice(from, from + steps), targets: tokens.slice(from + 1, from + steps + 1) };
    return characterModelWindow(model, parameters, part, state);
  };
  const first = run(0, 4);
  const second = run(4, 4, first.state);
  const whole = run(0, 8);
  expect([...first.losses, ...second.losses]).toEqual([...whole.losses]);
  expect(second.state).toEqual(whole.state);
});

test('linear: y = x·Wᵀ + b and its gradients', () => {
  const sizes = { rows: 2, inputSize: 3, outputSize: 2 };
  const weight = floats(1, 2, 3, -1, 0, 4);
  const input = floats(1, 0, 2, 3, -1, 1);
  expect([...linearForward(sizes, weight, floats(10, 20), input)]).toEqual([17, 27, 14, 21]);
  const back = linearBackward(sizes, weight, input, floats(1, 2, -1, 3));
  expect([...back.dInput]).toEqual([-1, 2, 11, -4, -2, 9]);
  expect([...back.weight]).toEqual([-2, 1, 1, 11, -3, 7]);
  expect([...back.bias]).toEqual([0, 5]);
});

test('embedding: rows out, sums of rows back', () => {
  const table = floats(1, 2, 3, 4, 5, 6);
  expect([...embeddingForward([2, 0, 2], table, 3, 2)]).toEqual([5, 6, 1, 2, 5, 6]);
  expect([...embeddingBackward([2, 0, 2], floats(1, 2, 3, 4, 5, 6), 3, 2)]).toEqual([3, 4, 0, 0, 6, 8]);
  expect([...oneHot([1, 0], 3)]).toEqual([0, 1, 0, 1, 0, 0]);
});

test('cross-entropy: means over the batch and the window, large logits, ignored targets', () => {
  // Probabilities 1/4, 3/4; logits that overflow exp; an even row beside an ignored one; a step with nothing but ignored ones.
  const logits = floats(0, Math.log(3), 1000, 0, 0, 0, 5, -5, 1, 2, 3, 4);
  const targets = [0, 1, 0, IGNORED, IGNORED, IGNORED];
  const { loss, losses, dLogits } = softmaxCrossEntropy(logits, targets, { timeSteps: 3, batchSize: 2, vocabulary: 2 });
  expect(losses[0]).toBeCloseTo((Math.log(4) + 1000) / 2, 12);
  expect(losses[1]).toBeCloseTo(Math.log(2), 14);
  expect(losses[2]).toBe(0);
  expect(loss).toBeCloseTo((Math.log(4) + 1000 + Math.log(2)) / 6, 12);
  const expected = [-0.75, 0.75, 1, -1, -0.5, 0.5, 0, 0, 0, 0, 0, 0].map((value) => value / 6);
  expected.forEach((value, k) => expect(dLogits[k], `dLogits[${k}]`).toBeCloseTo(value, 14));
});

test('the gradient norm is over all gradients; clipping keeps the direction and returns the norm before it', () => {
  const gradients = { a: floats(3, 0), b: floats(-4) };
  expect(gradientNorm(gradients)).toBe(5);
  expect(gradientNorm(gradients, 5)).toBe(5);
  expect([...gradients.a, ...gradients.b]).toEqual([3, 0, -4]);
  expect(gradientNorm(gradients, 1)).toBe(5);
  [...gradients.a, ...gradients.b].forEach((value, k) => expect(value).toBeCloseTo([0.6, 0, -0.8][k]!, 15));
});

test('optimizers: two updates by hand, with the rate changed between them', () => {
  const parameters = { w: floats(1) };
  const descent = sgd({ learningRate: 0.1, momentum: 0.5 });
  descent.update(parameters, { w: floats(2) });
  descent.learningRate = 1;
  descent.update(parameters, { w: floats(-3) });
  expect(parameters.w[0]).toBeCloseTo(1 - 0.1 * 2 - 1 * (0.5 * 2 - 3), 15);

  const moved = { w: floats(1) };
  const adaptive = adam({ learningRate: 0.1, beta1: 0.5, beta2: 0.75, epsilon: 0.25 });
  adaptive.update(moved, { w: floats(2) });
  const first = 0.1 * 2 / (2 + 0.25);
  expect(moved.w[0]).toBeCloseTo(1 - first, 15);
  adaptive.learningRate = 1;
  adaptive.update(moved, { w: floats(-1) });
  // m = 0.5·1 − 0.5 = 0, so the second update is none whatever its rate.
  expect(moved.w[0]).toBeCloseTo(1 - first, 15);
  adaptive.update(moved, { w: floats(4) });
  // m = 2, v = 0.75·(0.75·1 + 0.25·1) + 0.25·16 = 4.75
  expect(moved.w[0]).toBeCloseTo(1 - first - (2 / (1 - 0.5 ** 3)) / (Math.sqrt(4.75 / (1 - 0.75 ** 3)) + 0.25), 14);
});

test('what does not fit is refused by name, with both sizes', () => {
  const options = { cell: lstm, timeSteps: 2, batchSize: 1, inputSize: 3, hiddenSize: 2 };
  const parameters = filled(recurrentShapes(options));
  const input = new Float64Array(6);
  expect(() => recurrentForward(options, parameters, new Float64Array(5))).toThrow(/input has 5 values, but its shape \[2, 1, 3\] holds 6/);
  expect(() => recurrentForward(options, { ...parameters, weight_hh_l0: floats(1) }, input)).toThrow(/weight_hh_l0 has 1 values, but its shape \[8, 2\]/);
  expect(() => recurrentForward({ ...options, numLayers: 2 }, parameters, input)).toThrow(/parameter weight_ih_l1 \[8, 2\] is missing/);
  expect(() => recurrentForward({ ...options, bias: false }, parameters, input)).toThrow(/parameter bias_ih_l0 is given/);
  expect(() => recurrentForward(options, parameters, input, { h0: floats(1) })).toThrow(/h0 has 1 values/);
  expect(() => recurrentForward({ ...options, lengths: [3] }, parameters, input)).toThrow(/lengths\[0\] is 3, but must be a whole number from 0 to 2/);
  const plain = { ...options, cell: cells.rnn_tanh };
  const plainParameters = filled(recurrentShapes(plain));
  expect(() => recurrentForward(plain, plainParameters, input, { c0: new Float64Array(2) })).toThrow(/rnn_tanh has no state c/);
  expect(() => recurrentBackward(recurrentForward(plain, plainParameters, input), { dCn: new Float64Array(2) })).toThrow(/rnn_tanh has no state c/);
  expect(() => recurrentBackward(recurrentForward(options, parameters, input), { dOutput: floats(1) })).toThrow(/dOutput has 1 values/);
  expect(() => embeddingForward([3], new Float64Array(6), 3, 2)).toThrow(/tokens\[0\] is 3, but must be a whole number from 0 to 2/);
  expect(() => softmaxCrossEntropy(new Float64Array(2), [IGNORED - 1], { timeSteps: 1, batchSize: 1, vocabulary: 2 })).toThrow(/targets\[0\] is 4294967294/);
  expect(() => adam({ learningRate: 1 }).update({ w: floats(1) }, {})).toThrow(/gradient of w has no values, but the parameter has 1/);
});

test('cells refuse options that are not theirs, and a stack masks and projections that have no place in it', () => {
  expect(() => makeCell('min_gru', { clipGates: 1 })).toThrow(/the cell min_gru takes no option clipGates; it takes none/);
  expect(() => makeCell('lstm', { peepholeOutput: 'previous' })).toThrow(/the cell lstm takes no option peepholeOutput; it takes activations, clipGates, layerNorm/);
  expect(() => makeCell('gru', { activations: { output: 'tanh' } })).toThrow(/activations.output is given, but a GRU has only gate and candidate/);
  expect(() => makeCell('gru', { resetAfter: false, layerNorm: true })).toThrow(/a normalized GRU needs resetAfter true/);
  expect(() => makeCell('lstm', { clipGates: 0 })).toThrow(/clipGates is 0, but must be above 0/);
  expect(() => makeCell('lstm', { activations: { gate: 'gelu' as 'relu' } })).toThrow(/there is no activation gelu; there are sigmoid, tanh, relu/);

  const options = { cell: makeCell('min_gru'), timeSteps: 1, batchSize: 1, inputSize: 1, hiddenSize: 2 };
  const run = (masks: Record<string, Float64Array>) => () => recurrentForward(options, filled(recurrentShapes(options)), floats(1), {}, masks);
  expect(run({ recurrent_dropout_l0: floats(1, 1) })).toThrow(/mask recurrent_dropout_l0 is given, but the network can take only zoneout_h_l0/);
  expect(run({ zoneout_h_l0: floats(1) })).toThrow(/mask zoneout_h_l0 has 1 values, but its shape \[1, 1, 2\] holds 2/);
  const projected = { ...options, projSize: 1 };
  expect(() => recurrentForward(projected, filled(recurrentShapes(projected)), floats(1))).toThrow(/projSize is 1, but .* the cell one with c \(min_gru is given\)/);
});

test('padding may hold NaN: nothing changes, forward and back, for every cell', () => {
  for (const cell of Object.values(cells)) {
    const options = { cell, timeSteps: 3, batchSize: 2, inputSize: 2, hiddenSize: 3, numLayers: 2, direction: 'bidirectional', lengths: [3, 1] } as const;
    const parameters = filled(recurrentShapes(options));
    const run = (padding: number): unknown => {
      const { input, dOutput } = filled({ input: [3, 2, 2], dOutput: [3, 2, 6] });
      // Row 1 ends after its first step.
      for (const t of [1, 2]) {
        input!.fill(padding, (t * 2 + 1) * 2, (t * 2 + 2) * 2);
        dOutput!.fill(padding, (t * 2 + 1) * 6, (t * 2 + 2) * 6);
      }
      const { output, hn, cn, ...rest } = recurrentForward(options, parameters, input!);
      return { output, hn, cn, back: recurrentBackward({ output, hn, cn, ...rest }, { dOutput }) };
    };
    expect(run(NaN), cell.name).toEqual(run(0));
  }
});
