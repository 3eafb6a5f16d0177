// `npm run conformance` as a whole, in a browser of its own, over case files made here; and its error measure.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, test } from 'playwright/test';
import { readCase, taskOf, type CaseJSON } from '../../tools/conformance/case.ts';
import { comparisons, relativeError, score } from '../../tools/conformance/score.ts';
import { decode } from '../../tools/conformance/tensor.ts';
import { readTraining } from '../../tools/conformance/training.ts';
import { encode, makeCase, recipes, type EncodedTensor, type MadeCase } from './conformance_cases.ts';
import { ownFiles, withoutPadding } from './conformance_files.ts';
import { pairRecipes } from './conformance_pairs.ts';
import { makeTraining, trainingRecipes } from './conformance_training_cases.ts';

const SCRIPT = resolve(import.meta.dirname, '../../tools/conformance.mjs');
const GENERATE = resolve(import.meta.dirname, '../../tools/conformance/generate.mjs');

let folder = '';
test.beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'unfold-conformance-'));
  mkdirSync(join(folder, 'cases'));
});
test.afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Run the command in the test's folder. */
const conformance = (...words: string[]) => command(SCRIPT, ...words);

function command(script: string, ...words: string[]): Promise<{ status: number | null; lines: string[]; stderr: string }> {
  return new Promise((done, fail) => {
    const child = spawn(process.execPath, [script, ...words], { cwd: folder, timeout: test.info().timeout - 10_000 });
    let [stdout, stderr] = ['', ''];
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', fail).on('close', (status) => done({ status, lines: stdout.trimEnd().split('\n'), stderr }));
  });
}

function write(name: string, content: unknown): void {
  writeFileSync(join(folder, 'cases', name), typeof content === 'string' ? content : JSON.stringify(content));
}

const made = (id: string): MadeCase => makeCase(recipes.find((recipe) => recipe.id === id)!, 5);

test('every gate order, bias, layout and gradient of the format, and the raw tensors', async () => {
  const cases = recipes.map((recipe, k) => makeCase(recipe, 1 + k));
  const shared = cases.find(({ id }) => id === 'gru-after')!;
  write('a.json', { cases: cases.slice(0, 7) });
  const others = cases.slice(7).map((one) => (one === shared ? { ...one, weights: { $ref: 'gru' } } : one));
  others.at(-1)!.options.projSize = 0;
  Object.assign(others.at(-1)!.expected, { cn: null });
  write('b.json', { sharedWeights: { gru: shared.weights }, cases: others });
  write('notes.json', { about: 'no case file' });
  const { status, lines, stderr } = await conformance('cases', '--results', 'out.json');
  expect(stderr + lines.filter((line) => line.startsWith('failed')).join('\n')).toBe('');
  expect(lines[0]).toMatch(/^host: chromium, adapter: \S/);
  expect(lines[1]).toMatch(/^a\.json: 7\/7 passed, 0 failed, 0 unsupported, worst relative error \d\.\de-[678] \(lstm-\S+ \S+\)$/);
  expect(lines[2]).toMatch(/^b\.json: 7\/7 passed, 0 failed, 0 unsupported, worst /);
  expect(lines[3]).toMatch(/^all: 14\/14 passed, 0 failed, 0 unsupported, worst /);
  expect(lines.slice(4)).toEqual(['wrote out.json, the tensors of 14 cases']);
  expect(status).toBe(0);

  type Raw = Record<string, EncodedTensor> & { grads?: Record<string, EncodedTensor> };
  const results = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8')) as Record<string, Raw>;
  expect(Object.keys(results).sort()).toEqual(cases.map(({ id }) => id).sort());
  for (const { id, expected, task } of cases) {
    const { loss, grads, ...tensors } = expected;
    const found = results[id]!;
    const compare = (field: string, actual: EncodedTensor | undefined, wanted: EncodedTensor): void => {
      expect(actual, `${id} ${field}`).toMatchObject({ shape: wanted.shape, dtype: 'float32' });
      expect(relativeError(decode(field, actual), decode(field, wanted)), `${id} ${field}`).toBeLessThan(1e-5);
    };
    for (const [field, wanted] of Object.entries(tensors)) if (wanted) compare(field, found[field], wanted as EncodedTensor);
    expect(found.grads !== undefined, id).toBe(task === 'gradients');
    for (const [name, wanted] of Object.entries(grads ?? {})) compare(name, found.grads![name], wanted);
    if (loss !== undefined) compare('loss', found.loss, encode([loss], []));
  }
});

test('gradients: every value of an option with every value of every other one; padding holds NaN', async () => {
  test.slow(); // most cases have kernels of their own to compile
  write('pairs.json', { cases: pairRecipes.map((recipe, k) => withoutPadding(makeCase(recipe, 1 + k))) });
  const { lines, stderr } = await conformance('cases');
  expect(stderr + lines.filter((line) => /^(failed|unsupported)/.test(line)).join('\n')).toBe('');
  const count = pairRecipes.length;
  expect(count).toBeGreaterThan(36);
  expect(lines[1]).toMatch(new RegExp(`^pairs\\.json: ${count}/${count} passed, 0 failed, 0 unsupported, worst relative error \\d\\.\\de-[5678] `));
});

test('training: character models, a classifier, an encoder with its decoder; what the file says decides what is compared', async () => {
  const cases = trainingRecipes.map((recipe, k) => makeTraining(recipe, 1 + k));
  // One wrong number of each kind.
  const wrong = trainingRecipes.slice(0, 1).map((recipe) => ({ ...makeTraining(recipe, 1), id: 'wrong' }));
  const { loss, gradNorm, weights } = wrong[0]!.expected as { loss: EncodedTensor; gradNorm: EncodedTensor; weights: Record<string, EncodedTensor> };
  wrong[0]!.expected = {
    loss: changed(loss, 0.001), gradNorm: changed(gradNorm, 0.001), weights: { ...weights, 'head.b': changed(weights['head.b']!, 0.01), 'l2.fwd.Wx': encode([1], [1]) },
  };
  write('a.json', { sharedWeights: { start: cases[0]!.weights }, cases: [{ ...cases[0]!, weights: { $ref: 'start' } }, ...cases.slice(1)] });
  write('b.json', { cases: wrong });
  const { status, lines, stderr } = await conformance('cases', '--results', 'out.json');
  expect(stderr).toBe('');
  expect(lines[1]).toMatch(new RegExp(`^a\\.json: ${cases.length}/${cases.length} passed, 0 failed, 0 unsupported, worst relative error \\d\\.\\de-[678] `));
  expect(lines.filter((line) => line.startsWith('failed')).map((line) => line.replace(/ error .*/, ''))).toEqual([
    'failed       wrong: loss', 'failed       wrong: gradNorm', 'failed       wrong: weights.head.b', 'failed       wrong: weights.l2.fwd.Wx',
  ]);
  expect(status).toBe(1);
  const results = JSON.parse(readFileSync(join(folder, 'out.json'), 'utf8')) as Record<string, Record<string, unknown>>;
  expect(Object.keys(results['char-lm-table']!)).toEqual(['losses', 'gradNorms', 'finalWeights']);
  expect(results['seq2seq']!.loss).toMatchObject({ shape: [6], dtype: 'float32' });
  expect(Object.keys(results['seq2seq']!.weights as object).sort()).toEqual(Object.keys(cases.find(({ id }) => id === 'seq2seq')!.weights).sort());
});

test('what fails, what is unsupported and what cannot be read is told apart, and named', async () => {
  const wrongOutput = { ...made('lstm-deep'), id: 'wrong' };
  wrongOutput.expected = { ...wrongOutput.expected, hn: changed(wrongOutput.expected.hn, 0.01) };
  const { grads } = wrongOutput.expected;
  wrongOutput.expected.grads = { ...grads!, 'l1.bwd.bh': changed(grads!['l1.bwd.bh']!, -0.5), 'l2.fwd.Wx': encode([0], [1]) };
  const noWeight = { ...made('rnn-relu'), id: 'no-weight' };
  delete noWeight.weights['l1.fwd.Wh'];
  const short = { ...made('rnn-tanh'), id: 'short' };
  short.inputs.x = { ...short.inputs.x!, data: short.inputs.x!.data.slice(8) };
  const swapped = { ...made('gru-one-step'), id: 'swapped', gateOrder: 'zrn' };
  const training = { ...made('gru-after'), id: 'inference', task: 'inference' };
  const projected = { ...made('gru-after'), id: 'projected' };
  projected.options = { ...projected.options, projSize: 2 };
  const elu = { ...made('lstm-activations'), id: 'elu' };
  elu.options = { ...elu.options, activations: { gate: 'elu' } };
  const nothing = { ...made('rnn-relu'), id: 'nothing', expected: {} };
  write('a.json', { cases: [wrongOutput, noWeight, short, swapped, { ...made('rnn-tanh'), weights: { $ref: 'none' } }, nothing] });
  write('b.json', { cases: [training, { ...training, id: 'inference-2' }, projected, elu, made('rnn-tanh'), made('rnn-relu')] });
  write('broken.json', '{"cases": [');
  write('nameless.json', { cases: [{ task: 'forward' }] });
  const { status, lines, stderr } = await conformance('cases');
  expect(stderr).toBe('');
  expect(status).toBe(1);
  const steady = lines.slice(1).map((line) => line.replace(/\d\.\de-\d+ \(rnn-relu \S+\)/, 'small').replace(/error \d\.\de[-+]\d+, /, 'error some, '));
  expect(steady).toEqual([
    'failed       wrong: hn error some, tolerance 3.0e-5',
    'failed       wrong: grads.l1.bwd.bh error some, tolerance 1.0e-4',
    'failed       wrong: grads.l2.fwd.Wx error infinite, tolerance 1.0e-4',
    'failed       no-weight: MalformedCase: weight l1.fwd.Wh [5,5] is missing',
    'failed       short: MalformedCase: inputs.x has 90 bytes of data; shape [2,4,3] of float32 needs 96',
    'failed       swapped: output error some, tolerance 3.0e-5',
    'failed       swapped: hn error some, tolerance 3.0e-5',
    'failed       rnn-tanh: MalformedCase: weights is missing',
    'failed       nothing: MalformedCase: expected holds nothing to compare with',
    'a.json: 0/6 passed, 6 failed, 0 unsupported, worst relative error infinite (wrong grads.l2.fwd.Wx)',
    'unsupported  inference: task "inference"',
    'unsupported  inference-2: task "inference"',
    'unsupported  projected: projSize in the cell gru',
    'unsupported  elu: activation "elu"',
    'failed       rnn-tanh: another case has this id',
    'b.json: 1/6 passed, 1 failed, 4 unsupported, worst relative error small',
    expect.stringMatching(/^broken\.json: cannot be read: .*JSON/),
    'nameless.json: its case 0 has no id',
    'all: 1/12 passed, 7 failed, 4 unsupported, worst relative error infinite (wrong grads.l2.fwd.Wx), 2 of 4 files unreadable',
    'unsupported: task "inference", 2 cases',
    'unsupported: projSize in the cell gru, 1 case',
    'unsupported: activation "elu", 1 case',
  ]);
});

test('a gradient that vanishes is held to the floor of its case; what is unknown is unsupported, by its path', async () => {
  const [right, wrong] = [made('lstm-vanishing'), { ...made('lstm-vanishing'), id: 'wrong' }];
  const x = decode('x', wrong.expected.grads!.x);
  wrong.expected.grads = { ...wrong.expected.grads!, x: encode(x.values.map((value) => 2 * value), x.shape) };
  const decayed = makeTraining(trainingRecipes[0]!, 1);
  (decayed.model.optimizer as Record<string, unknown>).weight_decay = 0.01;
  const unread = { ...made('lstm-vanishing'), id: 'unread', tolerance: { floor: 0 } };
  write('a.json', { cases: [right, wrong, unread, decayed] });
  const { status, lines } = await conformance('cases');
  expect(lines.slice(1)).toEqual([
    'failed       wrong: grads.x error 5.0e-1, tolerance 1.0e-4',
    'failed       unread: MalformedCase: tolerance.floor is 0; it must be a number above 0',
    'unsupported  char-lm: option weight_decay: model.optimizer.weight_decay is 0.01',
    'a.json: 1/4 passed, 2 failed, 1 unsupported, worst relative error 5.0e-1 (wrong grads.x)',
    'all: 1/4 passed, 2 failed, 1 unsupported, worst relative error 5.0e-1 (wrong grads.x)',
    'unsupported: option weight_decay: model.optimizer.weight_decay is 0.01, 1 case',
  ]);
  expect(status).toBe(1);
});

test('the project\'s own case files are written to a folder, small and each case readable', async () => {
  expect(await command(GENERATE)).toMatchObject({ status: 2, stderr: expect.stringMatching(/^conformance cases: no folder is given; give one to write to/) });
  expect(await command(GENERATE, 'a', 'b')).toMatchObject({ status: 2, stderr: expect.stringMatching(/one folder, but 2 are given: a, b/) });
  const { status, lines, stderr } = await command(GENERATE, 'own');
  expect(stderr).toBe('');
  const wanted = ownFiles();
  const files = readdirSync(join(folder, 'own')).sort();
  expect(files).toEqual(Object.keys(wanted));
  const all = files.flatMap((name) => (JSON.parse(readFileSync(join(folder, 'own', name), 'utf8')) as { cases: CaseJSON[] }).cases);
  expect(all.length).toBe(Object.values(wanted).reduce((sum, { cases }) => sum + cases.length, 0));
  expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  for (const one of all) expect(() => (taskOf(one) === 'training' ? readTraining(one) : readCase(one)), one.id).not.toThrow();
  for (const task of ['forward', 'gradients', 'training']) expect(all.filter((one) => one.task === task).length, task).toBeGreaterThan(20);
  const bytes = files.reduce((sum, name) => sum + statSync(join(folder, 'own', name)).size, 0);
  expect(bytes).toBeLessThan(3e6);
  expect(lines).toEqual([`wrote ${all.length} cases in ${files.length} files, ${(bytes / 1e6).toFixed(1)} MB, to own`]);
  expect(status).toBe(0);
});

test('--filter: an unsupported case alone does not end with 0', async () => {
  write('a.json', { cases: [{ ...made('rnn-tanh'), task: 'inference' }, made('rnn-relu')] });
  const { status, lines } = await conformance('cases', '--filter', 'tanh');
  expect(lines.slice(1)).toEqual([
    'unsupported  rnn-tanh: task "inference"', 'a.json: 0/1 passed, 0 failed, 1 unsupported',
    'all: 0/1 passed, 0 failed, 1 unsupported', 'unsupported: task "inference", 1 case',
  ]);
  expect(status).toBe(1);
});

test('wrong use ends with 2 and one line, before a browser is started', async () => {
  write('a.json', { cases: [made('rnn-relu')] });
  mkdirSync(join(folder, 'empty'));
  const wrong: [string[], RegExp][] = [
    [[], /^conformance: no folder is given; give one with case files/],
    [['none'], /^conformance: cannot read the folder none: it does not exist\n$/],
    [['cases/a.json'], /^conformance: cannot read the folder cases\/a.json: it is a file/],
    [['empty'], /^conformance: the folder empty has no case files/],
    [['cases', 'more'], /^conformance: one folder at a time, but 2 are given: cases, more/],
    [['cases', '--filter', 'gru'], /^conformance: no case's id or file name contains "gru"\n$/],
    [['cases', '--adapter', 'gpu'], /^conformance: --adapter is "gpu"; it must be one of swiftshader, default\n$/],
    [['cases', '--results', 'no/out.json'], /^conformance: cannot write no\/out.json: folder .*no does not exist\n$/],
    [['cases', '--result', 'x'], /^conformance: Unknown option '--result'; see npm run conformance -- --help\n$/],
  ];
  for (const [words, message] of wrong) {
    const { status, lines, stderr } = await conformance(...words);
    expect(stderr).toMatch(message);
    expect([status, lines]).toEqual([2, ['']]);
  }
  const help = await conformance('--help');
  expect(help).toMatchObject({ status: 0, stderr: '' });
  for (const start of ['FOLDER holds', '  --results FILE', '  --filter TEXT', '  --adapter NAME']) {
    expect(help.lines.some((line) => line.startsWith(start)), start).toBe(true);
  }
  expect(readdirSync(folder).sort()).toEqual(['cases', 'empty']);
});

test('the error is relative L2, with a floor, and infinite for what is not there', () => {
  const tensor = (values: number[], shape = [values.length]) => ({ shape, values: Float64Array.from(values) });
  expect(relativeError(tensor([3, 4.5]), tensor([3, 4]))).toBeCloseTo(0.1, 12);
  expect(relativeError(tensor([0, 0, 0, 2e-7]), tensor([0, 0, 0, 0]))).toBeCloseTo(1, 12);
  expect(relativeError(undefined, tensor([1]))).toBe(Infinity);
  expect(relativeError(tensor([1, 2], [2, 1]), tensor([1, 2], [1, 2]))).toBe(Infinity);
  expect(relativeError(tensor([NaN]), tensor([1]))).toBe(Infinity);
  expect(relativeError(tensor([1]), tensor([NaN]))).toBe(Infinity);
});

test('a tolerance is the field\'s, its kind\'s, the case\'s default, or the format\'s', () => {
  const tolerances = (tolerance: Record<string, number>): Record<string, number> => {
    const one = readCase({ ...made('rnn-tanh'), tolerance });
    return Object.fromEntries(score(one, comparisons(one, {})).map((each) => [each.field, each.tolerance]));
  };
  expect(tolerances({})).toEqual({ output: 3e-5, hn: 3e-5, loss: 2e-4, 'grads.l0.fwd.Wx': 1e-4, 'grads.l0.fwd.Wh': 1e-4, 'grads.x': 1e-4 });
  expect(tolerances({ default: 1, grads: 2, 'grads.x': 3 }))
    .toEqual({ output: 1, hn: 1, loss: 1, 'grads.l0.fwd.Wx': 2, 'grads.l0.fwd.Wh': 2, 'grads.x': 3 });
  expect(() => tolerances({ default: NaN })).toThrow(/the tolerance of output is null; it must be a number/);
});

/** The tensor with `by` added to its last element. */
function changed(tensor: EncodedTensor, by: number): EncodedTensor {
  const { values } = decode('changed', tensor);
  values[values.length - 1]! += by;
  return encode(values, tensor.shape);
}
