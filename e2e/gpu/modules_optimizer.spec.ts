// createOptimizer: every rule over several modules is the reference's, and goes on from its file to the bit.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./modules_optimizer.page.ts')>('/e2e/gpu/modules_optimizer.page.ts');
const OPTIMIZERS = ['adam', 'adam with its defaults', 'adam with decay', 'adamw', 'rmsprop', 'rmsprop with decay', 'sgd', 'sgd with momentum and decay'];

for (const optimizer of OPTIMIZERS) {
  test(`${optimizer} moves the parameters of two operators as the reference does, by schedule and clip`, async ({ inPage }) => {
    for (const clip of [0, 10, { value: 0.5 }]) {
      const { moved, norm, rate } = await inPage(page, 'againstReference', { rule: optimizer, gradientClip: clip });
      const what = `clip ${JSON.stringify(clip)}`;
      expect(Object.keys(moved)).toHaveLength(6);
      for (const [name, error] of Object.entries(moved)) expect.soft(error, `${name}, ${what}`).toBeLessThan(5e-6);
      expect.soft(norm, `norm, ${what}`).toBeLessThan(1e-6);
      expect.soft(rate, `rate, ${what}`).toBeLessThan(1e-12);
    }
  });
}

test('a step in the application\'s own encoder is the optimizer\'s own step, to the bit', async ({ inPage }) => {
  const { own, theirs } = await inPage(page, 'encoded');
  expect(new Set(own.map((weights) => weights.join())).size).toBe(3);
  expect(theirs).toEqual(own);
});

test('an optimizer goes on from its file to the bit, in a new one and in one that has been used', async ({ inPage }) => {
  for (const optimizer of ['adam', 'rmsprop', 'sgd', 'sgd with momentum and decay']) {
    const { undisturbed, restored, inUse, ends, fileEqual, sameUnderWay, tensors } = await inPage(page, 'goingOn', { optimizer });
    expect(new Set(undisturbed.map((weights) => weights.join())).size, optimizer).toBe(4);
    expect.soft(restored, optimizer).toEqual(undisturbed);
    expect.soft(inUse, `${optimizer}, used before`).toEqual(undisturbed);
    expect.soft(ends[0], optimizer).toMatchObject({ steps: 8, skips: 1 });
    expect.soft(ends, optimizer).toEqual([ends[0], ends[0], ends[0]]);
    expect.soft({ fileEqual, sameUnderWay }, optimizer).toEqual({ fileEqual: true, sameUnderWay: true });
    const moments = { adam: ['first', 'second'], rmsprop: ['square', 'average', 'velocity'], sgd: [], 'sgd with momentum and decay': ['velocity'] }[optimizer]!;
    const parameters = ['0.weight_ih_l0', '0.weight_hh_l0', '0.bias_ih_l0', '0.bias_hh_l0', '1.weight', '1.bias'];
    expect.soft(tensors.sort(), optimizer).toEqual(parameters.flatMap((parameter) => moments.map((moment) => `${parameter}.${moment}`)).sort());
  }
});

test('a file of another optimizer, or one that is damaged or not finite, is refused and changes nothing', async ({ inPage }) => {
  const { results, same } = await inPage(page, 'refusals');
  const expected: Record<string, RegExp> = {
    flipped: /^SafetensorsError: the file is damaged or cut off/,
    cut: /^SafetensorsError: the file is damaged or cut off/,
    empty: /^SafetensorsError: the file has 0 bytes/,
    format: /^RangeError: this safetensors file is not of an optimizer of this version: its format is "unfold-rnn update 1", expected "unfold-rnn optimizer 3"/,
    noRun: /^SafetensorsError: "run" in the file's metadata .*it is missing/,
    options: /^RangeError: the file was made with optimizer .*"beta1":0\.8.*this optimizer with .*"beta1":0\.9.*allow: \['optimizer'\]/,
    optionsAllowed: /^no error$/,
    optimizer: /^RangeError: the file was made with optimizer .*"sgd".*this optimizer with .*"adam"/,
    optimizerAllowed: /^RangeError: the file's optimizer keeps velocity of each parameter, this one keeps first and second/,
    gradientClip: /^RangeError: the file was made with gradientClip \{"clipNorm":0,"clipValue":1\}, this optimizer with gradientClip \{"clipNorm":1,"clipValue":0\}.*allow: \['gradientClip'\]/,
    clipAllowed: /^no error$/,
    fewer: /^RangeError: the file was made over 1 modules, this optimizer over 2/,
    order: /^RangeError: the file has weight \[7,5\] where module 0 of this optimizer has weight_ih_l0 \[15,3\]/,
    sizes: /^RangeError: the file has weight_ih_l0 \[18,3\] where module 0 of this optimizer has weight_ih_l0 \[15,3\]/,
    missing: /^SafetensorsError: the file contradicts itself: it holds nothing for 1\.bias\.second, and its run needs F32 \[7\]/,
    shape: /^SafetensorsError: the file contradicts itself: it holds F32 \[1,7\] for 1\.bias\.second/,
    more: /^SafetensorsError: the file contradicts itself: it holds 13 tensors, and its run has 12/,
    notFinite: /^SafetensorsError: 0\.weight_hh_l0\.first is not finite: element 2 of 75 is Infinity: the run in the file has diverged/,
    steps: /^SafetensorsError: "run" .*steps must be a whole number of at least 0; -1/,
    skips: /^SafetensorsError: "run" .*skips must be at most steps, 2; 3/,
    learningRate: /^SafetensorsError: "run" .*learningRate must be a schedule/,
    clipClaim: /^SafetensorsError: "run" .*gradientClip must be \{ clipNorm, clipValue \}/,
    moments: /^SafetensorsError: "run" .*moments must be a list of names/,
    modules: /^SafetensorsError: "run" .*modules must be a list of lists of \{ name, shape \}/,
    noJson: /^SafetensorsError: "run" in the file's metadata is not as this package writes it/,
    allow: /^RangeError: allow must be one of "optimizer", "gradientClip"; "text" was given/,
    saved: /^RangeError: 0\.weight_ih_l0\.velocity is not finite: element 0 of 45 is Infinity after step 2: training has diverged, and no file is written of it/,
    destroyedSave: /^DestroyedError: .*the optimizer was destroyed/,
    destroyedRestore: /^DestroyedError: .*the optimizer was destroyed/,
  };
  expect(Object.keys(results)).toEqual(Object.keys(expected));
  for (const [name, message] of Object.entries(expected)) expect.soft(results[name], name).toMatch(message);
  expect(same, 'the optimizer is as it was').toBe(true);
});
