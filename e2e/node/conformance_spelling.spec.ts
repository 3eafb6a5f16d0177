// What the format of `npm run conformance` leaves open is read alike however a file spells it; what changes the numbers is not passed over.
import { expect, test } from 'playwright/test';
import { activationsOf } from '../../tools/conformance/activations.ts';
import { readCase, taskOf, type CaseJSON } from '../../tools/conformance/case.ts';
import { networkOf } from '../../tools/conformance/network.ts';
import { Series } from '../../tools/conformance/series.ts';
import { decode, decodeShaped, inShapeOf } from '../../tools/conformance/tensor.ts';
import { readTraining } from '../../tools/conformance/training.ts';
import { encode, makeCase, recipes, type MadeCase } from './conformance_cases.ts';
import { makeTraining, trainingRecipes, type MadeTraining } from './conformance_training_cases.ts';

const made = (id: string): MadeCase => makeCase(recipes.find((recipe) => recipe.id === id)!, 3);
const training = (id: string): MadeTraining => makeTraining(trainingRecipes.find((recipe) => recipe.id === id)!, 3);

/** All that the engine is told of a case. */
function meaning(given: unknown): unknown {
  const { network, expected: _, tolerance: __, inputs: ___, ...rest } = readCase(given as CaseJSON);
  return { ...rest, network: networkOf(network) };
}

test('a gradients case means the same in other words', () => {
  const deep = made('lstm-deep');
  const { layers: _, input: __, hidden: ___, batch: ____, time: _____, ...terse } = deep.options;
  const gru = made('gru-after');
  const tanh = made('rnn-tanh');
  const options = (change: Record<string, unknown>) => ({ ...deep, options: { ...deep.options, ...change } });
  const same: [string, unknown, unknown][] = [
    ['sizes left to the tensors', deep, { ...deep, options: terse }],
    ['direction by the weights alone', deep, options({ direction: undefined, bidirectional: undefined })],
    ['WebNN\'s direction', deep, options({ direction: 'both' })],
    ['a direction and a flag that disagree', deep, options({ direction: 'forward', bidirectional: true })],
    ['0 and 1 for flags', deep, options({ batchFirst: 1, bidirectional: 1, peephole: 0 })],
    ['null for what is not there', deep, options({ clip: null, activations: null, peepholeOrder: null, resetAfter: null })],
    ['a clip of 0', deep, options({ clip: 0 })],
    ['lengths as a tensor', deep, options({ lengths: encode([4, 0, 2], [3], 'int32') })],
    ['lengths beside the inputs', deep, { ...options({ lengths: null }), inputs: { ...deep.inputs, lengths: encode([4, 0, 2], [3], 'int32') } }],
    ['fields that nobody asked for', deep, { ...options({ seed: 3, returnSequence: true, merge: 'concat', dropout: 0 }), meta: { by: 'someone' }, about: 'a test' }],
    ['other letters, as a list', deep, { ...deep, gateOrder: ['i', 'o', 'f', 'c'] }],
    ['the gate order among the options', deep, { ...options({ gateOrder: 'iofg' }), gateOrder: null }],
    ['ONNX\'s letters of a GRU', gru, { ...gru, gateOrder: 'ZRH' }],
    ['no gate order where there is one gate', tanh, { ...tanh, gateOrder: undefined }],
    ['no task', deep, { ...deep, task: undefined }],
    ['no loss', deep, { ...deep, loss: undefined }],
    ['no loss, but a target', tanh, { ...tanh, loss: null }],
    ['the loss as a word', tanh, { ...tanh, loss: 'mse' }],
    ['a reset gate as ever', gru, { ...gru, options: { ...gru.options, resetAfter: undefined } }],
  ];
  for (const [what, one, other] of same) expect(meaning(other), what).toEqual(meaning(one));
});

test('what would change the numbers is refused, by its name', () => {
  const one = made('gru-after');
  const refused: [unknown, RegExp][] = [
    [{ ...one, options: { ...one.options, projSize: 2 } }, /projSize in the cell gru/],
    [{ ...one, options: { ...one.options, layerNorm: true } }, /option layerNorm/],
    [{ ...one, options: { ...one.options, peephole: true } }, /peepholes in the cell gru/],
    [{ ...one, weights: { ...one.weights, 'l1.bwd.Wx': one.weights['l0.bwd.Wx'] } }, /weight l1\.bwd\.Wx in a network of 1 layers/],
    [{ ...one, expected: { ...one.expected, attention: one.expected.output } }, /expected attention/],
    [{ ...one, loss: { type: 'hinge' } }, /loss "hinge"/],
    [{ ...one, gateOrder: 'zrg' }, /gateOrder is "zrg"; it must have the letters rzn in some order/],
    [{ ...one, options: { ...one.options, hidden: 0 } }, /options\.hidden is 0/],
  ];
  for (const [given, message] of refused) expect(() => meaning(given)).toThrow(message);
});

test('activations by the words of ONNX and WebNN', () => {
  const hard = { hardSigmoid: [0.2, 0.5] };
  expect(activationsOf({ gate: 'HardSigmoid', candidate: 'Tanh', output: 'hard_sigmoid' }, 'lstm')).toEqual({ gate: hard, candidate: 'tanh', output: hard });
  expect(activationsOf({ gate: { name: 'HardSigmoid', alpha: 0.3 }, candidate: { hardSigmoid: { alpha: 0.1, beta: 0.4 } } }, 'gru'))
    .toEqual({ gate: { hardSigmoid: [0.3, 0.5] }, candidate: { hardSigmoid: [0.1, 0.4] } });
  expect(activationsOf({ gate: { type: 'affine', alpha: 2, beta: 1 }, candidate: 'linear' }, 'gru')).toEqual({ gate: { affine: [2, 1] }, candidate: { affine: [1, 0] } });
  expect(activationsOf(['Sigmoid', 'Relu', 'Tanh', 'Sigmoid', 'Relu', 'Tanh'], 'lstm')).toEqual({ gate: 'sigmoid', candidate: 'relu', output: 'tanh' });
  expect(activationsOf(['relu'], 'rnn_tanh')).toEqual({ candidate: 'relu' });
  expect(() => activationsOf(['Sigmoid', 'Relu', 'Tanh', 'Relu'], 'gru')).toThrow(/the same in both directions/);
  expect(() => activationsOf({ gate: 'elu' }, 'gru')).toThrow(/activation "elu"/);
  expect(() => activationsOf({ state: 'tanh' }, 'gru')).toThrow(/activation of "state"/);
});

test('numbers and lists are tensors; extents of 1 may be there or not', () => {
  expect(decode('a', 2.5)).toEqual({ shape: [], values: Float64Array.of(2.5) });
  expect(decode('a', [[1, 2], [3, 4], [5, 6]])).toEqual({ shape: [3, 2], values: Float64Array.of(1, 2, 3, 4, 5, 6) });
  expect(() => decode('a', [[1, 2], [3]])).toThrow(/a is a list; it must be numbers, all rows of the same size/);
  expect(decodeShaped('h0', [[1, 2]], [1, 1, 2]).shape).toEqual([1, 1, 2]);
  expect(() => decodeShaped('h0', [[1, 2]], [2, 2])).toThrow(/h0 has shape \[1,2\]; the options make it \[2,2\]/);
  const found = { shape: [1, 2, 3], values: new Float64Array(6) };
  expect(inShapeOf(found, { shape: [2, 3], values: new Float64Array(6) }).shape).toEqual([2, 3]);
  expect(inShapeOf(found, { shape: [3, 2], values: new Float64Array(6) }).shape).toEqual([1, 2, 3]);
});

test('a series has an array a step, or one for all, and time first', () => {
  const tensor = { shape: [2, 2, 3], values: Float64Array.from({ length: 12 }, (_, i) => i) };
  expect([...new Series('x', tensor, 2, false).at(1)]).toEqual([6, 7, 8, 9, 10, 11]);
  const swapped = new Series('x', tensor, 2, true);
  expect([swapped.shape, [...swapped.at(1)]]).toEqual([[3, 2], [6, 9, 7, 10, 8, 11]]);
  const one = new Series('x', { shape: [1, 2], values: Float64Array.of(3, 4) }, 5, false);
  expect([...one.at(4)]).toEqual([3, 4]);
  expect(() => new Series('x', tensor, 3, false)).toThrow(/inputs\.x has 2 arrays; it must have one for each of the 3 steps, or one for all/);
  expect(() => one.tokens(0, 4)).toThrow(/inputs\.x holds 4 in step 0; it must be whole numbers from 0 to 3/);
});

test('a training case means the same in other words', () => {
  const one = training('char-lm');
  const { optimizer, kind, ...model } = one.model as { optimizer: Record<string, unknown>; kind: string };
  const read = (given: unknown): unknown => readTraining(given as CaseJSON);
  const same: Record<string, unknown> = {
    'no task': { ...one, task: undefined },
    'the optimizer spread out': { ...one, model: { ...model, type: kind, optimizer: 'Adam', rate: optimizer.lr, beta1: optimizer.b1, beta2: optimizer.b2, epsilon: optimizer.eps } },
    'the optimizer elsewhere': { ...one, model: { ...model, family: 'char-lm', train: { lr: optimizer.lr, betas: [0.8, 0.95], eps: optimizer.eps } } },
    'cell and gate order beside the model': { ...one, cell: 'lstm', gateOrder: 'iofg', model: { ...one.model, cell: null, gateOrder: null } },
    'stateful by its input': { ...one, model: { ...one.model, stateful: undefined } },
    'a structure by its inputs': { ...one, model: { ...one.model, kind: undefined } },
  };
  for (const [what, other] of Object.entries(same)) expect(read(other), what).toEqual(read(one));
  expect(taskOf({ ...one, task: null })).toBe('training');
  const refused: [unknown, RegExp][] = [
    [{ ...one, model: { ...one.model, optimizer: { type: 'sgd', lr: 1 } } }, /optimizer "sgd"/],
    [{ ...one, model: { ...one.model, optimizer: {} } }, /the learning rate of the training is undefined/],
    [{ ...one, model: { ...one.model, reduction: 'sum' } }, /reduction "sum"/],
    [{ ...one, model: { ...one.model, dropout: 0.5 } }, /option dropout/],
    [{ ...one, inputs: { ...one.inputs, weights: one.inputs.tokens } }, /input weights of char_lm/],
    [{ ...one, expected: { ...one.expected, perplexity: 3 } }, /expected perplexity of a training case/],
    [{ ...one, weights: { ...one.weights, 'head.V': one.weights['head.W'] } }, /a head has one matrix and one vector/],
    [{ ...one, model: undefined }, /model is missing/],
  ];
  for (const [given, message] of refused) expect(() => read(given)).toThrow(message);
});
