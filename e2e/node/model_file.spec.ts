// What a file may claim of a model: everything is checked before anything is made of it, and errors are of one type.
import fc from 'fast-check';
import { expect, test } from 'playwright/test';
import type * as Claims from '../../src/io/claims.ts';
import type * as Safetensors from '../../src/io/safetensors.ts';
import type * as Sealed from '../../src/io/sealed.ts';
import type * as ModelFile from '../../src/language/model_file.ts';
import type * as ModelShape from '../../src/language/model_shape.ts';
import type * as Schedules from '../../src/train/schedule.ts';
import type * as Text from '../../src/text/vocabulary.ts';
import { load } from '../engine.ts';

const modules = async () => ({
  ...(await load<typeof Safetensors>('/src/io/safetensors.ts')), ...(await load<typeof Sealed>('/src/io/sealed.ts')), ...(await load<typeof ModelFile>('/src/language/model_file.ts')),
  ...(await load<typeof ModelShape>('/src/language/model_shape.ts')), ...(await load<typeof Text>('/src/text/vocabulary.ts')),
});

const symbols = ['a', 'b', 'c'];
const sound = { embedding: { size: 2 }, layers: [{ cell: 'gru', hiddenSize: 2 }], forgetBias: 1 };

/** Files of a sound model's tensors with other claims, or other values. */
async function files() {
  const { modelShape, modelMetadata, Vocabulary, writeSealed, ...rest } = await modules();
  const vocabulary = new Vocabulary(symbols);
  const { parameters } = modelShape(3, sound as ModelShape.ModelJSON);
  const file = (changes: Record<string, string>, value = 0.5): Uint8Array => {
    const tensors = parameters.map(({ name, shape }) => ({ name, shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(value) }));
    return writeSealed(tensors, { ...modelMetadata(sound as ModelShape.ModelJSON, vocabulary), ...changes });
  };
  const read = (bytes: Uint8Array, options = {}) => rest.weightsOf(rest.readModelFile(bytes), options);
  /** Name and message of what reading it throws. */
  const refusal = (bytes: Uint8Array): string => {
    try {
      read(bytes);
      return 'read';
    } catch (error) {
      const { name, message } = error as Error;
      return `${name}: ${message}`;
    }
  };
  return { file, read, refusal };
}

test('a sound file is read', async () => {
  const { file, read } = await files();
  expect([...read(file({})).keys()]).toEqual(['embedding.weight', 'weight_ih_l0', 'weight_hh_l0', 'bias_ih_l0', 'bias_hh_l0', 'head.weight', 'head.bias']);
});

const layer = (options: object): string => JSON.stringify({ ...sound, layers: [{ ...sound.layers[0], ...options }] });
const refused: Record<string, [Record<string, string>, RegExp]> = {
  'a layer of null': [{ model: JSON.stringify({ ...sound, layers: [null] }) }, /layers\[0\] must be an object, such as \{ cell, hiddenSize \}; null was given/],
  'no layers': [{ model: JSON.stringify({ ...sound, layers: [] }) }, /at least one layer/],
  'layers of text': [{ model: JSON.stringify({ ...sound, layers: 'lstm' }) }, /at least one layer/],
  'zoneout of null': [{ model: layer({ zoneout: null }) }, /zoneout must be an object, such as \{ h \}; null was given/],
  'zoneout of text': [{ model: layer({ zoneout: { h: '0.1' } }) }, /layers\[0\]\.zoneout\.h must be a finite number at least 0 and below 1; "0\.1" was given/],
  'activations of null': [{ model: layer({ activations: null }) }, /activations must be an object/],
  'an activation of null': [{ model: layer({ activations: { gate: null } }) }, /activations\.gate must be 'sigmoid', .*; null was given/],
  'an activation without its numbers': [{ model: layer({ activations: { gate: 'affine' } }) }, /activations\.gate must be 'sigmoid', .*; "affine" was given/],
  'a cell of null': [{ model: layer({ cell: null }) }, /there is no cell null/],
  'a cell in a list': [{ model: layer({ cell: ['gru'] }) }, /there is no cell Array of 1/],
  'a hidden size of text': [{ model: layer({ hiddenSize: '2' }) }, /hiddenSize must be a whole number/],
  'layerNorm of text': [{ model: layer({ layerNorm: 'no' }) }, /layerNorm must be true or false/],
  'resetAfter of text': [{ model: layer({ resetAfter: 'false' }) }, /resetAfter must be true or false/],
  'peepholeOutput of a number': [{ model: layer({ cell: 'peephole_lstm', peepholeOutput: 1 }) }, /peepholeOutput must be one of "new", "previous"; 1 was given/],
  'dropout of text': [{ model: layer({ dropout: '0.5' }) }, /dropout must be a finite number/],
  'recurrentDropout of true': [{ model: layer({ recurrentDropout: true }) }, /layers\[0\]\.recurrentDropout must be a finite number at least 0 and below 1; true was given/],
  'an embedding of text': [{ model: JSON.stringify({ ...sound, embedding: 'large' }) }, /embedding must be \{ size: 64 \}, or of another size, or 'one-hot'; "large" was given/],
  'an embedding of a number': [{ model: JSON.stringify({ ...sound, embedding: 2 }) }, /embedding must be \{ size: 64 \}, .*; 2 was given/],
  'an embedding without a size': [{ model: JSON.stringify({ ...sound, embedding: {} }) }, /embedding must have size/],
  'an embedding of no rows': [{ model: JSON.stringify({ ...sound, embedding: { size: 0 } }) }, /embedding\.size must be a whole number of at least 1; 0 was given/],
  'forgetBias of null': [{ model: JSON.stringify({ ...sound, forgetBias: null }) }, /forgetBias must be a finite number; null/],
  'a model of null': [{ model: 'null' }, /must be \{ embedding, layers, forgetBias \}; null was found/],
  'a model that is no JSON': [{ model: '{' }, /"model" in the file's metadata is not as this package writes it/],
  'a model of a hundred thousand lists': [{ model: `${'['.repeat(1e5)}${']'.repeat(1e5)}` }, /nested deeper than 64/],
  'a vocabulary of null': [{ vocabulary: 'null' }, /"vocabulary" .*symbols: string\[\]/],
  'a vocabulary of numbers': [{ vocabulary: '{"symbols":[1,2,3],"normalize":"NFC"}' }, /symbol 1 is not one whole code point/],
  'a vocabulary of five million characters in a symbol': [{ vocabulary: JSON.stringify({ symbols: ['x'.repeat(5e6)], normalize: 'NFC' }) }, /is not one whole code point|…$/],
  'a vocabulary with another size': [{ vocabulary: '{"symbols":["a"],"normalize":"NFC"}' }, /contradicts itself: it holds F32 \[3,2\] for embedding.weight.*has F32 \[1,2\]/],
  'a hidden size that its tensors have not': [{ model: layer({ hiddenSize: 3000 }) }, /contradicts itself: it holds F32 \[6,2\] for weight_ih_l0, .*has F32 \[9000,2\]/],
  'a hidden size of 2^52': [{ model: layer({ hiddenSize: 2 ** 52 }) }, /contradicts itself/],
  'more layers than it has': [{ model: JSON.stringify({ ...sound, layers: [...sound.layers, ...sound.layers] }) }, /holds nothing for weight_ih_l1/],
};
for (const [what, [changes, message]] of Object.entries(refused)) {
  test(`refuses ${what}`, async () => {
    const { file, refusal } = await files();
    const said = refusal(file(changes));
    expect(said).toMatch(/^SafetensorsError: /);
    expect(said).toMatch(message);
    expect(said.length).toBeLessThan(600);
  });
}

test('an element that is not finite is found wherever it is', async () => {
  const { notFinite } = await load<typeof Claims>('/src/io/claims.ts');
  for (const at of [0, 1, 6]) {
    for (const value of [NaN, Infinity, -Infinity]) {
      const data = new Float32Array(7);
      data[at] = value;
      expect(notFinite('w', data)).toBe(`w is not finite: element ${at} of 7 is ${value}`);
      expect(notFinite('w', data, at)).toBe(notFinite('w', data));
      expect(notFinite('w', data, at + 1)).toBeNull();
    }
  }
  expect(notFinite('w', Float32Array.of(-3.4e38, 1e-45, -0))).toBeNull();
});

test('another version is told from damage', async () => {
  const { file, refusal } = await files();
  expect(refusal(file({ format: 'unfold-rnn character model 2' }))).toMatch(/^RangeError: .*its format is "unfold-rnn character model 2", expected "unfold-rnn language model 3"/);
  const damaged = file({});
  damaged[damaged.length - 1]! ^= 1;
  expect(refusal(damaged)).toMatch(/^SafetensorsError: the file is damaged or cut off/);
});

test('weights that are not finite are refused, and read when that is asked for', async () => {
  const { file, read, refusal } = await files();
  for (const value of [NaN, Infinity, -Infinity]) {
    expect(refusal(file({}, value))).toMatch(new RegExp(`^SafetensorsError: embedding.weight is not finite: element 0 of 6 is ${value}.*allowNotFinite: true`));
    expect(read(file({}, value), { allowNotFinite: true }).get('head.bias')).toEqual(new Float32Array(3).fill(value));
  }
});

test('any claims give the documented errors', async () => {
  const { file, refusal } = await files();
  const value = fc.oneof(fc.jsonValue(), fc.constantFrom(0, 1, 2, 0.5, 'gru', 'lstm', 'tanh', true, null));
  const layers = fc.array(fc.oneof(value, fc.record({
    cell: fc.oneof(fc.constantFrom('gru', 'lstm', 'peephole_lstm', '__proto__'), value), hiddenSize: fc.oneof(fc.constant(2), value), zoneout: value, activations: value, clipGates: value,
    projSize: value, layerNorm: value, recurrentInit: value, peepholeOutput: value, dropout: value, recurrentDropout: value, resetAfter: value,
  }, { requiredKeys: [] })), { maxLength: 3 });
  const model = fc.oneof(value, fc.record({ embedding: fc.oneof(fc.constant({ size: 2 }), value), forgetBias: fc.oneof(fc.constant(1), value), layers: fc.oneof(layers, value) }));
  const vocabulary = fc.oneof(value, fc.record({ symbols: fc.oneof(fc.array(fc.oneof(fc.string({ maxLength: 1 }), value)), value), normalize: fc.oneof(fc.constant('NFC'), value) }));
  let counted = 0;
  fc.assert(fc.property(model, fc.option(vocabulary), fc.option(fc.string()), (claims, words, text) => {
    const begun = performance.now();
    const said = refusal(file({ model: text ?? JSON.stringify(claims), ...(words !== null && { vocabulary: JSON.stringify(words) }) }));
    if (said !== 'read' && (!said.startsWith('SafetensorsError: ') || said.length > 600)) throw new Error(said);
    if (performance.now() - begun > 1000) throw new Error(`${performance.now() - begun} ms`);
    counted++;
  }), { seed: 11, numRuns: 1500 });
  expect(counted).toBe(1500);
});

test('models are told apart by what they compute, not by how their options are spelled', async () => {
  const { modelDifference } = await modules();
  const of = (options: object, more: object = {}) => ({ ...sound, ...more, layers: [{ cell: 'lstm', hiddenSize: 2, ...options }] }) as ModelShape.ModelJSON;
  const same: [object, object][] = [
    [{ recurrentInit: 'identity' }, {}], [{ projSize: 0 }, {}], [{ zoneout: { h: 0 } }, { zoneout: {} }], [{ activations: { gate: 'sigmoid', candidate: 'tanh', output: 'tanh' } }, {}],
    [{ cell: 'gru', resetAfter: false }, { cell: 'gru_reset_before' }], [{ cell: 'rnn_relu', activations: { candidate: 'relu' } }, { cell: 'rnn_relu' }],
  ];
  for (const [a, b] of same) expect(modelDifference(of(a), of(b, { forgetBias: 0 }), { training: true })).toBeNull();
  const different: [object, string][] = [
    [{ cell: 'coupled_lstm' }, 'layers[0].cell "coupled_lstm" in the file and "lstm" here'], [{ hiddenSize: 3 }, 'layers[0].hiddenSize 3 in the file and 2 here'],
    [{ zoneout: { h: 0.1 } }, 'layers[0].zoneout.h 0.1 in the file and 0 here'], [{ clipGates: 3 }, 'layers[0].clipGates 3 in the file and null here'],
    [{ layerNorm: true }, 'layers[0].layerNorm true in the file and false here'], [{ projSize: 1 }, 'layers[0].projSize 1 in the file and 0 here'],
    [{ activations: { gate: { hardSigmoid: [0.2, 0.5] } } }, 'layers[0].activations.gate {"hardSigmoid":[0.2,0.5]} in the file and "sigmoid" here'],
    [{ zoneout: { c: 0.2 } }, 'layers[0].zoneout.c 0.2 in the file and 0 here'],
    [{ activations: { candidate: 'relu' } }, 'layers[0].activations.candidate "relu" in the file and "tanh" here'],
    [{ activations: { output: 'sigmoid' } }, 'layers[0].activations.output "sigmoid" in the file and "tanh" here'],
  ];
  for (const [options, message] of different) expect(modelDifference(of(options), of({}), { training: false })).toBe(message);
  const peephole = { cell: 'peephole_lstm' };
  expect(modelDifference(of({ ...peephole, peepholeOutput: 'previous' }), of(peephole), { training: false })).toBe('layers[0].peepholeOutput "previous" in the file and "new" here');
  for (const mask of [{ dropout: 0.1 }, { recurrentDropout: 0.1 }]) {
    expect(modelDifference(of(mask), of({}), { training: false })).toBeNull();
    expect(modelDifference(of(mask), of({}), { training: true })).toMatch(/ropout 0.1 in the file and 0 here/);
  }
  expect(modelDifference(of({}, { embedding: 'one-hot' }), of({}), { training: false })).toBe('embedding "one-hot" in the file and {"size":2} here');
});

test('a schedule has at most 16 warm-ups inside one another', async () => {
  const { scheduleOf, learningRateAt, warmUp } = await load<typeof Schedules>('/src/train/schedule.ts');
  const nested = (depth: number): Schedules.LearningRateSchedule => {
    let schedule: Schedules.LearningRateSchedule = { kind: 'constant', learningRate: 1 };
    for (let d = 0; d < depth; d++) schedule = { kind: 'warmUp', steps: 1, then: schedule };
    return schedule;
  };
  expect(learningRateAt(scheduleOf(nested(16)), 20)).toBe(1);
  for (const depth of [17, 100_000]) expect(() => scheduleOf(nested(depth))).toThrow(/at most 16 warm-ups inside one another/);
  expect(() => warmUp(1, nested(17))).toThrow(RangeError);
  expect(() => warmUp(1, nested(16))).toThrow(RangeError);
});
