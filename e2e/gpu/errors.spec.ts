// Bad input and bad luck: each gets an error that names what was given, what was expected and what to do.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./errors.page.ts')>('/e2e/gpu/errors.page.ts');

/** What each error must be, and what its message must say. */
const expected: Record<string, [name: string, ...parts: RegExp[]]> = {
  emptyText: ['RangeError', /empty/],
  shortText: ['RangeError', /420 characters/, /2561/, /batchSize of at most 6/],
  foreignTokens: ['RangeError', /token 99 at position 0/, /model\.vocabulary/],
  badInput: ['RangeError', /input has shape \[2,2,3\], 12 elements; 5/],
  badState: ['RangeError', /h0 has shape \[1,2,4\], 8 elements; 3/],
  badParameter: ['RangeError', /weight_hh_l0 has shape \[16,4\], 64 elements; 7/],
  backwardUntrained: ['Error', /training: true/],
  backwardFirst: ['Error', /forward pass before/],
  unknownCell: ['RangeError', /"lstmm"/, /"lstm"/],
  wideProjection: ['RangeError', /projSize must be below hiddenSize, 4; 4 was given/],
  negativeProjection: ['RangeError', /projSize .* at least 0; -1/],
  projectedGru: ['RangeError', /projSize needs a cell with a state c.*gru/],
  projectedIdentity: ['RangeError', /recurrentInit.*square.*projSize/],
  projectedState: ['RangeError', /h0 has shape \[1,2,2\], 4 elements; 8/],
  normalizedRnn: ['RangeError', /layerNorm.*LSTM family.*gru.*rnn_tanh/],
  normalizedResetBefore: ['RangeError', /layerNorm.*resetAfter is true.*gru_reset_before/],
  noHalf: ['RangeError', /precision: 'f16' needs .*"shader-f16"/, /this device \(.+\) was opened without it/, /Use precision: 'f32'/, /requiredFeatures/],
  noHalfModel: ['RangeError', /shader-f16/],
  scaledInF32: ['RangeError', /lossScale is of models in precision 'f16'.*make the model with precision: 'f16'/],
  fractionalSize: ['RangeError', /hiddenSize/, /whole number/, /4\.5/],
  shortBack: ['RangeError', /backTimeSteps \(at least timeSteps\) must be a whole number of at least 8; 7 was given/],
  numberAsEmbedding: ['TypeError', /^embedding must be \{ size: 64 \}, or of another size, or 'one-hot'; 32 was given/],
  layerOption: ['RangeError', /^layers\[1\]: zoneout\.c needs a cell with a state c; gru has none/],
  layerDropout: ['RangeError', /layers\[0\]\.dropout must be a finite number at least 0 and below 1; 1 was given/],
  hugeHidden: ['RangeError', /MiB/, /smaller hidden size/],
  hugeWindow: ['RangeError', /MiB/, /smaller batch/],
  nanRate: ['RangeError', /learningRate must be a finite number above 0; NaN/],
  negativeRate: ['RangeError', /learningRate must be .* above 0; -1/],
  nanLiveRate: ['RangeError', /learningRate/, /NaN/],
  nanClip: ['RangeError', /gradientClip/, /NaN/],
  diverged: ['NotFiniteError', /diverged at step \d+/, /Lower the learning rate \(now 1e\+38\)/],
  emptyPrompt: ['RangeError', /prompt is empty/],
  noPrompts: ['RangeError', /no prompts/],
  emptyPromptOfMany: ['RangeError', /prompt 1 of 2 is empty/],
  foreignPrompt: ['RangeError', /한/],
  badTemperature: ['RangeError', /temperature .* at least 0; -1/],
  aborted: ['AbortError'],
  abortedGeneration: ['AbortError'],
  twoRuns: ['Error', /running already/],
  otherVocabulary: ['RangeError', /another vocabulary/, /loadLanguageModel/],
  modelAsCheckpoint: ['RangeError', /no checkpoint/],
  otherWindow: ['RangeError', /timeSteps 9.*timeSteps 8/],
  noModel: ['SafetensorsError', /./],
};

test('every misuse is refused with an error that says what to do', async ({ inPage }) => {
  const results = await inPage(page, 'errors');
  expect(Object.keys(results).sort()).toEqual(Object.keys(expected).sort());
  for (const [key, [name, ...parts]] of Object.entries(expected)) {
    const error = results[key];
    expect.soft(error?.name, `${key}: ${error?.message}`).toBe(name);
    for (const part of parts) expect.soft(error?.message, key).toMatch(part);
  }
});

test('without WebGPU or an adapter, the error says which browsers have it and what to try', async ({ inPage }) => {
  const { noGpu, noAdapter } = await inPage(page, 'unavailable');
  expect(noGpu?.name).toBe('WebGPUUnavailableError');
  expect(noGpu?.message).toMatch(/Chrome.*Firefox/);
  expect(noAdapter?.name).toBe('WebGPUUnavailableError');
  expect(noAdapter?.message).toMatch(/chrome:\/\/gpu/);
});

test('a lost device ends the run with an error, and a checkpoint goes on on a new one', async ({ inPage }) => {
  const { loss, after, restoredAt, steps } = await inPage(page, 'lost');
  expect(loss?.name, loss?.message).toBe('DeviceLostError');
  expect(loss?.message).toMatch(/openDevice\(\)/);
  expect(after?.name).toBe('DeviceLostError');
  expect(restoredAt).toBeGreaterThanOrEqual(5);
  expect(restoredAt).toBeLessThanOrEqual(7);
  expect(steps).toBe(3);
});
