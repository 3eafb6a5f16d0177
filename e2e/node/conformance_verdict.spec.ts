// A verdict of `npm run conformance` rests on all that a case says: its tolerances apply, and what the runner does not know it refuses.
import { expect, test } from 'playwright/test';
import { readCase, type CaseJSON } from '../../tools/conformance/case.ts';
import { networkOf } from '../../tools/conformance/network.ts';
import { comparisons, relativeError, score, type FieldScore } from '../../tools/conformance/score.ts';
import { decode, type Tensor } from '../../tools/conformance/tensor.ts';
import { readTraining } from '../../tools/conformance/training.ts';
import { Unsupported } from '../../tools/conformance/words.ts';
import { encode, makeCase, recipes, type EncodedTensor, type MadeCase } from './conformance_cases.ts';
import { makeTraining, trainingRecipes, type MadeTraining } from './conformance_training_cases.ts';

const made = (id: string): MadeCase => makeCase(recipes.find((recipe) => recipe.id === id)!, 3);
const training = (id: string): MadeTraining => makeTraining(trainingRecipes.find((recipe) => recipe.id === id)!, 3);

/** What is read before the GPU is asked. */
function read(given: unknown): void {
  const one = readCase(given as CaseJSON);
  networkOf(one.network, Object.keys((one.expected.grads ?? {}) as object));
}

/** The scores of a case of which every result is what it expects, but what `change` makes of it. */
function scores(given: MadeCase, change: (field: string, tensor: Tensor) => Tensor = (_, tensor) => tensor): FieldScore[] {
  const one = readCase(given as CaseJSON);
  return score(one, comparisons(one, {}).map((each) => ({ ...each, actual: change(each.field, each.expected) })));
}

const failing = (all: readonly FieldScore[]): string[] => all.filter(({ error, tolerance }) => !(error <= tolerance)).map(({ field }) => field);

test('the floor of a case takes the place of 1e-7: a wrong gradient that vanishes fails', () => {
  const one = made('lstm-vanishing');
  const { values } = decode('x', one.expected.grads!.x);
  expect(Math.max(...values.map(Math.abs))).toBeLessThan(1e-11);
  expect(one.tolerance.floor).toBe(1e-15);
  const doubled = (field: string, { shape, values }: Tensor): Tensor => ({ shape, values: values.map((value) => (field === 'grads.x' ? 2 * value : value)) });
  expect(failing(scores(one))).toEqual([]);
  expect(failing(scores(one, doubled))).toEqual(['grads.x']);
  const { floor: _, ...standard } = one.tolerance;
  expect(failing(scores({ ...one, tolerance: standard }, doubled))).toEqual([]);
  const tensor = (...values: number[]): Tensor => ({ shape: [values.length], values: Float64Array.from(values) });
  expect(relativeError(tensor(2e-12, 0, 0, 0), tensor(0, 0, 0, 0), 1e-12)).toBeCloseTo(1, 12);
  for (const floor of [0, -1e-9, '1e-9', true]) {
    expect(() => scores({ ...one, tolerance: { floor } as never })).toThrow(`tolerance.floor is ${JSON.stringify(floor)}; it must be a number above 0`);
  }
});

test('a tolerance has the name of a field or of a kind of fields', () => {
  const one = made('rnn-tanh');
  const loosened = (name: string): string[] => scores({ ...one, tolerance: { [name]: 9 } }).filter(({ tolerance }) => tolerance === 9).map(({ field }) => field);
  expect(loosened('forward')).toEqual(['output', 'hn']);
  expect(loosened('gradients')).toEqual(['grads.l0.fwd.Wx', 'grads.l0.fwd.Wh', 'grads.x']);
  expect(loosened('grads.x')).toEqual(['grads.x']);
  for (const name of ['outptu', 'grads.l1.fwd.Wx', 'atol']) {
    expect(() => scores({ ...one, tolerance: { [name]: 9 } }), name).toThrow(`tolerance.${name} is of no field of this case; `);
  }
  expect(() => scores({ ...one, tolerance: 1e-4 as never })).toThrow('tolerance is 0.0001; it must be an object of numbers, such as {"default":0.0001}');
  const trained = readTraining({ ...training('char-lm-table'), tolerance: { losses: 1, norm: 2, finalWeights: 3 } } as CaseJSON);
  const found = (field: string, kind: 'loss' | 'gradNorm' | 'weights'): number => {
    const expected = { shape: [], values: Float64Array.of(1) };
    return score(trained, [{ field, kind, names: [field], actual: expected, expected }])[0]!.tolerance;
  };
  expect([found('losses', 'loss'), found('gradNorms', 'gradNorm'), found('finalWeights.head.b', 'weights')]).toEqual([1, 2, 3]);
});

test('a field of an operator case that this runner does not know is unsupported, with its path', () => {
  const one = made('gru-after');
  const options = (change: Record<string, unknown>): unknown => ({ ...one, options: { ...one.options, ...change } });
  const refused: [unknown, string][] = [
    [options({ layerNorm: true }), 'option layerNorm: options.layerNorm is true'],
    [options({ recurrent_dropout: 0.1 }), 'option recurrent_dropout: options.recurrent_dropout is 0.1'],
    [options({ merge: 'sum' }), 'option merge: options.merge is "sum"'],
    [options({ forgetBias: 1 }), 'option forgetBias: options.forgetBias is 1'],
    [options({ sizes: { I: 3, gain: 'x' } }), 'option sizes: options.sizes is {"I":3,"gain":"x"}'],
    [options({ stepSize: [1, 2] }), 'option stepSize: options.stepSize is [1,2]'],
    [options({ dtype: 'float16' }), 'option dtype: options.dtype is "float16"'],
    [options({ activations: 5 }), 'activations 5'],
    [{ ...one, mask: [1, 0] }, 'option mask: mask is [1,0]'],
    [{ ...one, model: { lr: 1 } }, 'option model: model is {"lr":1}'],
    [{ ...one, loss: { type: 'dot', scale: 2 } }, 'option scale: loss.scale is 2'],
    [{ ...one, loss: 3 }, 'loss 3'],
    [{ ...one, inputs: { ...one.inputs, mask: encode([1], [1]) } }, 'input mask'],
    [{ ...one, inputs: { ...one.inputs, c0: one.inputs.h0 } }, 'input c0 of the cell gru'],
    [{ ...one, expected: { ...one.expected, perplexity: 3 } }, 'expected perplexity'],
    [{ ...one, expected: { ...one.expected, gradients: one.expected.grads } }, 'expected gradients'],
    [{ ...one, weights: { ...one.weights, $ref: 'other' } }, 'weight $ref in a network'],
  ];
  for (const [given, reason] of refused) {
    expect(() => read(given), reason).toThrow(Unsupported);
    expect(() => read(given)).toThrow(reason);
  }
  const neutral = [
    { dropout: 0, layerNorm: false, projection: null, zoneout: 'none', merge: 'concat', forgetBias: 0, dtype: 'float32', timeMajor: true },
    { note: 'any', seed: 3, comments: ['a'], numLayers: 1, returnSequence: true, sizes: { I: 3, H: 5 } },
  ];
  for (const change of neutral) expect(() => read(options(change)), JSON.stringify(change)).not.toThrow();
  expect(() => read({ ...one, source: 'a', meta: { by: 'b' }, expected: { ...one.expected, note: 'c' } })).not.toThrow();
});

test('a part of an operator case that nothing would read, or that contradicts another, is malformed', () => {
  const one = made('gru-after');
  const tanh = made('rnn-tanh');
  const options = (change: Record<string, unknown>): unknown => ({ ...one, options: { ...one.options, ...change } });
  const malformed: [unknown, string][] = [
    [{ ...one, options: [1] }, 'options is [1]; it must be an object'],
    [{ ...one, expected: { ...one.expected, grads: [1] } }, 'expected.grads is [1]; it must be an object'],
    [{ ...one, inputs: { ...one.inputs, target: one.inputs.dOutput } }, 'inputs.target is given, but the loss is dot, which has none'],
    [{ ...one, inputs: { ...one.inputs, lengths: [4, 4] } }, 'options.lengths is [1,4], but inputs.lengths is [4,4]; give one of them, or the same twice'],
    [{ ...options({ gateOrder: 'rzn' }) as object }, 'gateOrder is "zrn", but options.gateOrder is "rzn"; give one of them, or the same twice'],
    [options({ initialStates: false }), 'options.initialStates is false, but inputs.h0 is given; leave one out'],
    [{ ...one, inputs: { x: one.inputs.x } }, 'options.initialStates is true, but neither inputs.h0 nor inputs.c0 is given'],
    [options({ singleStep: true }), 'options.singleStep is true, but there are 4 steps'],
    [options({ bias: 'none' }), 'options.bias is "none", but there is a weight l0.bwd.bx; leave one out'],
    [{ ...made('lstm-coupled'), options: { ...made('lstm-coupled').options, peephole: false } }, 'options.peephole is false, but there is a weight l0.fwd.P; leave one out'],
    [{ ...tanh, options: { ...tanh.options, bias: true, time: 0 } }, 'options.time is 0'],
  ];
  for (const [given, message] of malformed) expect(() => read(given), message).toThrow(message);
  expect(() => read(options({ bias: 'some' }))).toThrow('options.bias "some"');
});

test('a field of a training case that this runner does not know is unsupported, with its path', () => {
  const one = training('char-lm');
  const { optimizer, ...model } = one.model as { optimizer: Record<string, unknown> };
  const models = (change: Record<string, unknown>): unknown => ({ ...one, model: { ...one.model, ...change } });
  const optimizers = (change: Record<string, unknown>): unknown => models({ optimizer: { ...optimizer, ...change } });
  const seq2seq = training('seq2seq-gru');
  const table = training('classifier');
  const refused: [unknown, string][] = [
    [optimizers({ weight_decay: 0.01 }), 'option weight_decay: model.optimizer.weight_decay is 0.01'],
    [optimizers({ momentum: 0.9 }), 'option momentum: model.optimizer.momentum is 0.9'],
    [optimizers({ amsgrad: true }), 'option amsgrad: model.optimizer.amsgrad is true'],
    [optimizers({ bias_correction: false }), 'option bias_correction: model.optimizer.bias_correction is false'],
    [optimizers({ type: 'sgd' }), 'optimizer "sgd"'],
    [models({ optimizer: ['adam'] }), 'option optimizer: model.optimizer is ["adam"]'],
    [{ ...one, model: { ...model, train: { ...optimizer, optimizer: 'sgd' } } }, 'optimizer "sgd"'],
    [{ ...one, model: { ...model, adam: { ...optimizer, weightDecay: 0.1 } } }, 'option weightDecay: model.adam.weightDecay is 0.1'],
    [models({ weightDecay: 0.1 }), 'option weightDecay: model.weightDecay is 0.1'],
    [models({ scheduler: { type: 'cosine', steps: 5 } }), 'option scheduler: model.scheduler is {"type":"cosine","steps":5}'],
    [models({ label_smoothing: 0.1 }), 'option label_smoothing: model.label_smoothing is 0.1'],
    [models({ tie_weights: true }), 'option tie_weights: model.tie_weights is true'],
    [models({ dropout: 0.5 }), 'option dropout: model.dropout is 0.5'],
    [models({ padding_idx: 0 }), 'option padding_idx: model.padding_idx is 0'],
    [models({ loss: { type: 'cross_entropy', label_smoothing: 0.1 } }), 'option label_smoothing: model.loss.label_smoothing is 0.1'],
    [models({ loss: 'mse' }), 'loss "mse"'],
    [models({ lengths: [1, 2, 3] }), 'option lengths: model.lengths is [1,2,3]'],
    [models({ head: { bias: true, activation: 'relu' } }), 'option activation: model.head.activation is "relu"'],
    [models({ embed: 'hashed' }), 'model.embed "hashed"'],
    [models({ reduction: 'sum' }), 'reduction "sum"'],
    [models({ options: { zoneout: 0.1 } }), 'option zoneout: model.options.zoneout is 0.1'],
    [{ ...one, options: { zoneout: 0.1 } }, 'option zoneout: options.zoneout is 0.1'],
    [{ ...one, loss: 'mse' }, 'loss "mse"'],
    [{ ...one, schedule: 'cosine' }, 'option schedule: schedule is "cosine"'],
    [{ ...one, expected: { ...one.expected, device: 'cpu' } }, 'expected device of a training case'],
    [{ ...table, model: { ...table.model, reduction: 'sum_time_mean_batch' } }, 'reduction "sum_time_mean_batch" of classifier'],
    [{ ...table, model: { ...table.model, stateful: true } }, 'stateful of classifier'],
    [{ ...table, inputs: { ...table.inputs, tokens: null, x: encode(new Float64Array(6 * 4 * 3 * 4), [6, 4, 3, 4]) } }, 'weight embed: inputs.x holds no tokens'],
    [{ ...seq2seq, model: { ...seq2seq.model, encoder: { ...seq2seq.model.encoder as object, attention: 'dot' } } }, 'option attention: model.encoder.attention is "dot"'],
    [{ ...seq2seq, weights: { ...seq2seq.weights, 'attention.l0.fwd.Wx': encode([1], [1]) } }, 'weight attention.l0.fwd.Wx: of no network'],
    [{ ...seq2seq, weights: { ...seq2seq.weights, 'enc.emb': encode([1], [1, 1]), 'dec.emb': encode([1], [1, 1]), emb: encode([1], [1, 1]) } }, 'weight emb: of no network'],
  ];
  for (const [given, reason] of refused) {
    expect(() => readTraining(given as CaseJSON), reason).toThrow(Unsupported);
    expect(() => readTraining(given as CaseJSON)).toThrow(reason);
  }
  const neutral: unknown[] = [
    optimizers({ weight_decay: 0, momentum: null, amsgrad: false, bias_correction: true, nesterov: false }),
    models({ dropout: 0, scheduler: 'constant', label_smoothing: 0, tie_weights: false, padding_idx: null, ignore_index: -100, temperature: 1, loss: 'cross-entropy' }),
    models({ name: 'small', notes: ['a'], seed: 1, vocabSize: 6, T: 4, classes: 6, embed: 'one-hot', head: { in: 5, out: 6, bias: true }, teacherForcing: true }),
    { ...one, source: 'a', meta: { by: 'b' }, loss: { type: 'CrossEntropy' }, expected: { ...one.expected, note: 'c' } },
  ];
  for (const given of neutral) expect(() => readTraining(given as CaseJSON), JSON.stringify(given).slice(0, 500)).not.toThrow();
});

test('a part of a training case that contradicts another is malformed', () => {
  const one = training('char-lm');
  const { optimizer } = one.model as { optimizer: Record<string, unknown> };
  const models = (change: Record<string, unknown>): unknown => ({ ...one, model: { ...one.model, ...change } });
  const table = training('classifier');
  const malformed: [unknown, string][] = [
    [models({ lr: 0.5 }), 'the learning rate of the training is 0.02 in model.optimizer.lr, but 0.5 in model.lr; give one of them, or the same twice'],
    [models({ optimizer: { ...optimizer, betas: [0.9, 0.95] } }), 'b1 of the training is 0.8 in model.optimizer.b1, but 0.9 in model.optimizer.betas'],
    [models({ optimizer: { lr: 1, betas: 0.9 } }), 'model.optimizer.betas is 0.9; it must be two numbers'],
    [models({ clip: 1, maxNorm: 2 }), 'clip of the training is 1 in model.clip, but 2 in model.maxNorm'],
    [models({ embed: 4 }), 'model.embed is 4, but there is no weight with emb in its name; give the table [V,4]'],
    [models({ embed: 'table' }), 'model.embed is "table", but there is no weight with emb in its name; give the table'],
    [{ ...table, model: { ...table.model, embed: 3 } }, 'model.embed is 3, but weights.embed has shape [6,4]'],
    [{ ...table, model: { ...table.model, embed: 'one-hot' } }, 'model.embed is "one-hot", but weights.embed is a table; leave one out'],
    [models({ head: { bias: false } }), 'model.head.bias is false, but there is a weight head.b; leave one out'],
    [models({ options: { batchFirst: true }, batchFirst: false }), 'batchFirst'],
    [{ ...table, inputs: { ...table.inputs, targets: table.inputs.labels } }, 'inputs.labels and inputs.targets are both given; they stand for the same, leave one out'],
  ];
  for (const [given, message] of malformed) expect(() => readTraining(given as CaseJSON), message).toThrow(message);
});

test('batchFirst is read wherever a training case has its options', () => {
  const one = training('char-lm-table');
  const swapped = (tensor: EncodedTensor): EncodedTensor => ({ ...tensor, shape: [tensor.shape[0]!, tensor.shape[2]!, tensor.shape[1]!] });
  const inputs = { ...one.inputs, tokens: swapped(one.inputs.tokens!), targets: swapped(one.inputs.targets!) };
  for (const given of [{ ...one, inputs, options: { batchFirst: true } }, { ...one, inputs, model: { ...one.model, options: { batchFirst: true } } }]) {
    expect(readTraining(given as CaseJSON).inputs.tokens!.shape).toEqual([4, 3]);
  }
});
