// Files of models and runs: damage is found, contradictions and what has diverged are refused, a run goes on only as itself.
import { expect, pageOf, test } from '../harness.ts';
import type { Maker } from './model_files.page.ts';

const page = pageOf<typeof import('./model_files.page.ts')>('/e2e/gpu/model_files.page.ts');

test('every flipped bit of a checkpoint is found, by restore and by load, and changes nothing', async ({ inPage }) => {
  const { bits, ...found } = await inPage(page, 'flippedBits');
  expect(bits).toBeGreaterThan(10_000);
  expect(found).toEqual({ restored: 0, loaded: 0, otherErrors: [], same: true });
});

test('a file that contradicts itself is refused before anything is allocated, and nothing is left behind', async ({ inPage }) => {
  const results = await inPage(page, 'contradictions');
  const expected: Record<string, RegExp> = {
    sound: /^no error$/,
    large: /^SafetensorsError: the file contradicts itself: it holds F32 \[6,2\] for weight_ih_l0.*F32 \[9000,2\]/,
    huge: /^SafetensorsError: the file contradicts itself/,
    noLayer: /^SafetensorsError: "model" in the file's metadata .*layers\[0\] must be an object, such as \{ cell, hiddenSize \}/,
    noZoneout: /^SafetensorsError: "model" in the file's metadata .*layers\[0\]\.zoneout must be an object/,
    wide: /^SafetensorsError: the file contradicts itself: it holds .* for embedding\.weight/,
    missing: /^SafetensorsError: the file contradicts itself: it holds nothing for head\.bias/,
    short: /^SafetensorsError: the file contradicts itself: it holds F32 \[1\] for head\.bias/,
    otherType: /^SafetensorsError: the file contradicts itself: it holds I32 .* for head\.bias/,
    notFinite: /^SafetensorsError: head\.bias is not finite: element 3 of \d+ is NaN/,
    precision: /^RangeError: precision must be one of/,
  };
  expect(Object.keys(results).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, message] of Object.entries(expected)) {
    expect.soft(results[name]!.said, name).toMatch(message);
    expect.soft(results[name]!.left, name).toBe(0);
  }
});

test('what is not finite is neither written nor read, unless to look at it', async ({ inPage }) => {
  const { looked, unchanged, ...results } = await inPage(page, 'notFinite');
  const expected: Record<keyof typeof results, RegExp> = {
    restoreWeight: /^SafetensorsError: head\.bias is not finite: element 1 of \d+ is NaN/,
    restoreMoment: /^SafetensorsError: optimizer\.second is not finite: element 1 of \d+ is Infinity/,
    restoreState: /^SafetensorsError: state\.l0\.0 is not finite: element 1 of \d+ is -Infinity/,
    load: /^SafetensorsError: head\.bias is not finite/,
    loadLanguageModel: /^SafetensorsError: head\.bias is not finite.*allowNotFinite: true/,
    save: /^RangeError: head\.bias is not finite: element 1 of \d+ is Infinity: training has diverged, and no file is written/,
    checkpoint: /^RangeError: head\.weight is not finite: element 1 of \d+ is NaN after step 3: training has diverged/,
  };
  for (const [name, message] of Object.entries(expected)) expect.soft(results[name as keyof typeof results], name).toMatch(message);
  expect(looked).toBe(Infinity);
  expect(unchanged).toBe(true);
});

test('a run goes on in a trainer of the same optimizer, options and layers, or with the differences that are allowed by name', async ({ inPage }) => {
  const relu: Maker = { layers: [{ cell: 'rnn_relu', hiddenSize: 2 }] };
  const tanh: Maker = { layers: [{ cell: 'rnn_tanh', hiddenSize: 2 }] };
  const cases: { from: Maker; to: Maker; allow?: ('optimizer' | 'layers' | 'gradientClip')[]; said: RegExp }[] = [
    { from: { optimizer: 'rmsprop' }, to: { optimizer: 'rmsprop' }, said: /^no error$/ },
    { from: { optimizer: 'rmspropMomentum' }, to: { optimizer: 'rmspropCentered' }, said: /^RangeError: .*optimizer .*"momentum":0.9,"centered":false.*"centered":true.*allow: \['optimizer'\]/ },
    { from: { optimizer: 'rmspropMomentum' }, to: { optimizer: 'rmspropCentered' }, allow: ['optimizer'], said: /^RangeError: .*keeps square and velocity of each weight, this trainer's average and square/ },
    { from: { optimizer: 'rmspropCentered' }, to: { optimizer: 'rmsprop' }, said: /^RangeError: .*"centered":true/ },
    { from: { optimizer: 'adamBeta' }, to: { optimizer: 'adam' }, said: /^RangeError: .*"beta2":0.99,.*"beta2":0.999,/ },
    { from: { optimizer: 'adamBeta' }, to: { optimizer: 'adam' }, allow: ['optimizer'], said: /^no error$/ },
    { from: { optimizer: 'adamw' }, to: { optimizer: 'adam' }, said: /^RangeError: .*"adamw".*"adam"/ },
    { from: { optimizer: 'sgdDecay' }, to: { optimizer: 'sgd' }, said: /^RangeError: .*"weightDecay":0.1/ },
    { from: { gradientClip: 1 }, to: { gradientClip: 2 }, said: /^RangeError: .*gradientClip \{"clipNorm":1,.*allow: \['gradientClip'\]/ },
    { from: { gradientClip: 1 }, to: { gradientClip: 2 }, allow: ['gradientClip'], said: /^no error$/ },
    { from: relu, to: tanh, said: /^RangeError: the file holds another model: layers\[0\]\.cell "rnn_relu" in the file and "rnn_tanh" here/ },
    { from: relu, to: tanh, allow: ['layers'], said: /^no error$/ },
    { from: { layers: [{ cell: 'gru', hiddenSize: 2, dropout: 0.2 }] }, to: {}, said: /^RangeError: .*layers\[0\]\.dropout 0\.2 in the file and 0 here/ },
    { from: { layers: [{ cell: 'gru', hiddenSize: 2, zoneout: { h: 0.2 } }] }, to: {}, said: /^RangeError: .*zoneout\.h 0\.2/ },
    { from: { layers: [{ cell: 'gru', hiddenSize: 3 }] }, to: {}, allow: ['layers'], said: /^RangeError: the checkpoint has weight_ih_l0 \[9,2\] where this model has weight_ih_l0 \[6,2\]/ },
    { from: { layers: [{ cell: 'gru', hiddenSize: 2 }, { cell: 'gru', hiddenSize: 2 }] }, to: {}, said: /^RangeError: .*2 layers in the file and 1 here/ },
  ];
  const results = await inPage(page, 'movedRuns', cases.map(({ said: _, ...given }) => given));
  for (const [i, { said, ...given }] of cases.entries()) {
    expect.soft(results[i]!.said, JSON.stringify(given)).toMatch(said);
    expect.soft(results[i]!.same, `${JSON.stringify(given)}: changed by what was refused`).toBe(results[i]!.said !== 'no error');
  }
});

test('every field of a run is checked', async ({ inPage }) => {
  const deep = (depth: number): string => `{"kind":"warmUp","steps":1,"then":`.repeat(depth) + '{"kind":"constant","learningRate":1}' + '}'.repeat(depth);
  const cases: [Record<string, unknown> | string, RegExp][] = [
    ...[-5, '6', null, 1.5, 2 ** 60, [1], {}, true].map((step): [Record<string, unknown>, RegExp] => [{ step }, /step must be a whole number of at least 0/]),
    ...[-1, '0', null].map((seed): [Record<string, unknown>, RegExp] => [{ seed }, /seed must be a whole number/]),
    [{ position: -1 }, /position must be a whole number/], [{ position: 3, step: 2 }, /position must be at most step, 2; 3/],
    [{ learningRate: null }, /learningRate must be a schedule/], [{ learningRate: 0.1 }, /learningRate must be a schedule/], [{ learningRate: { kind: 'constant', learningRate: '1' } }, /learningRate must be a finite number/],
    [{ learningRate: { kind: 'never' } }, /kind must be one of/], [{ learningRate: { kind: 'warmUp', steps: 1, then: null } }, /learningRate must be a number or a schedule/],
    [{ learningRate: JSON.parse(deep(17)) as unknown }, /at most 16 warm-ups/], [`{"learningRate":${deep(100_000)}}`, /nested deeper than 64/],
    [{ text: 3 }, /text must be a string or null/], [{ optimizer: 'adam' }, /optimizer must be \{ name, options \}/], [{ optimizer: { name: 'adam' } }, /optimizer\.options must be/],
    [{ optimizer: { name: 1, options: {} } }, /optimizer\.name must be a string/], [{ optimizer: { name: 'adam', options: { beta1: null } } }, /optimizer\.options must be/],
    [{ batchSize: '2' }, /batchSize must be a whole number/], [{ timeSteps: 0 }, /timeSteps must be a whole number/], [{ backTimeSteps: null }, /backTimeSteps must be/], [{ stateful: 1 }, /stateful must be true or false/],
    [{ precision: 'f8' }, /precision must be "f32" or "f16"/], [{ gradientClip: 1 }, /gradientClip must be \{ clipNorm, clipValue \}/], [{ gradientClip: { clipNorm: -1, clipValue: 0 } }, /gradientClip must be/], [{ growthInterval: -1 }, /growthInterval must be/],
    ['null', /must be an object; null/], ['[]', /must be an object/], ['{', /metadata is not as this package writes it/], ['', /metadata is not/],
  ];
  const results = await inPage(page, 'otherRuns', cases.map(([change]) => change));
  for (const [i, [change, message]] of cases.entries()) {
    expect.soft(results[i], JSON.stringify(change).slice(0, 200)).toMatch(/^SafetensorsError: "run" in the file's metadata/);
    expect.soft(results[i], JSON.stringify(change).slice(0, 200)).toMatch(message);
  }
  expect(await inPage(page, 'otherRuns', [{}])).toEqual(['no error']);
});

test('a run goes on with its own text, or with another where that is allowed', async ({ inPage }) => {
  const results = await inPage(page, 'otherTexts');
  const another = /^RangeError: the checkpoint was made on another text, of 40 characters in no documents, checksum [0-9a-f]{8}; this one is of .*allow: \['text'\]/;
  const expected: Record<keyof typeof results, RegExp> = {
    same: /^no error$/, otherwise: another, shorter: another, documents: another, allowed: /^no error$/, unbegun: /^no error$/, twice: another,
    badName: /^RangeError: allow must be one of "optimizer", "layers", "gradientClip", "lossScale", "text"; "window" was given/,
  };
  for (const [name, message] of Object.entries(expected)) expect.soft(results[name as keyof typeof results], name).toMatch(message);
});

test('a text of another vocabulary is refused, and the symbols that differ are named', async ({ inPage }) => {
  const { sizes, steps, ...results } = await inPage(page, 'otherVocabularies');
  expect(sizes[0]).toBeLessThanOrEqual(sizes[1]!);
  const other = /^RangeError: the text is not of the model's vocabulary: it has '!' \(U\+0021\), 'w' \(U\+0077\) besides, and it lacks 'q' \(U\+0071\), 'u' \(U\+0075\)\. Encode it with characters\(text, \{ vocabulary: model\.vocabulary \}\)/;
  const expected: Record<keyof typeof results, RegExp> = {
    run: other, validate: other, evaluate: other, trainerEvaluate: other, encoded: /^no error$/, respelled: /^no error$/, tokensAlone: /^no error$/,
  };
  for (const [name, message] of Object.entries(expected)) expect.soft(results[name as keyof typeof results], name).toMatch(message);
  expect(steps).toBe(3);
});

test('the deepest schedule there may be is kept', async ({ inPage }) => {
  expect(await inPage(page, 'deepSchedule')).toBeCloseTo(0.5 / 2 ** 16, 12);
});
