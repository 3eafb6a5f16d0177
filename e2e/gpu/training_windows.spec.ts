// Truncated BPTT over more steps than are new, documents, states that are carried or not, and masks in training, against float64.
import { expect, pageOf, test } from '../harness.ts';
import type { WindowsCase } from './training_windows.page.ts';

const page = pageOf<typeof import('./training_windows.page.ts')>('/e2e/gpu/training_windows.page.ts');

const layers = [{ cell: 'lstm', hiddenSize: 6 }, { cell: 'gru', hiddenSize: 5 }] as const;
/** Shorter than a window, longer than all that a gradient goes back over, and of one character. */
const documents = [0, 2, 15, 16, 21, 50, 54];
const characters = 70;
const regularised = [
  { cell: 'lstm', hiddenSize: 6, dropout: 0.3, recurrentDropout: 0.4, zoneout: { h: 0.2, c: 0.3 } },
  { cell: 'gru', hiddenSize: 5, resetAfter: false, dropout: 0.5, recurrentDropout: 0.2, zoneout: { h: 0.1 } },
] as const;

const cases: Readonly<Record<string, WindowsCase>> = {
  'windows of 4': { layers, embedding: { size: 5 }, characters, options: { batchSize: 3, timeSteps: 4, gradientClip: 0.5 }, steps: 7 },
  '3 new steps, 7 back': { layers, embedding: { size: 5 }, characters, options: { batchSize: 3, timeSteps: 3, backTimeSteps: 7, gradientClip: 0.5 }, steps: 9 },
  '2 new steps, 9 back, one-hot': { layers, embedding: 'one-hot', characters, options: { batchSize: 4, timeSteps: 2, backTimeSteps: 9 }, steps: 10 },
  'documents': { layers, embedding: { size: 5 }, characters, documents, options: { batchSize: 3, timeSteps: 4, gradientClip: 0.5 }, steps: 10 },
  'documents, 3 new steps, 8 back': { layers, embedding: 'one-hot', characters, documents, options: { batchSize: 2, timeSteps: 3, backTimeSteps: 8 }, steps: 16 },
  'more rows than documents': { layers, embedding: { size: 5 }, characters: 20, documents: [0, 12], options: { batchSize: 5, timeSteps: 4, backTimeSteps: 6 }, steps: 5 },
  'without a carried state': { layers, embedding: { size: 5 }, characters, options: { batchSize: 3, timeSteps: 4, stateful: false }, steps: 5 },
  'without a carried state, 3 new steps, 7 back': { layers, embedding: { size: 5 }, characters, options: { batchSize: 3, timeSteps: 3, backTimeSteps: 7, stateful: false }, steps: 8 },
  'all masks': { layers: regularised, embedding: { size: 5 }, characters, options: { batchSize: 3, timeSteps: 4, seed: 11 }, steps: 6 },
  'all masks, documents, 3 new steps, 7 back': { layers: regularised, embedding: 'one-hot', characters, documents, options: { batchSize: 2, timeSteps: 3, backTimeSteps: 7, seed: 11 }, steps: 8 },
  'activations and clip': {
    layers: [{ cell: 'lstm', hiddenSize: 6, activations: { gate: { hardSigmoid: [0.2, 0.5] }, candidate: 'relu' } }, { cell: 'gru', hiddenSize: 5, clipGates: 0.4 }],
    embedding: { size: 5 }, characters, options: { batchSize: 3, timeSteps: 4 }, steps: 6,
  },
};

for (const [name, given] of Object.entries(cases)) {
  test(`${name}: losses, norms and trained weights are the reference's`, async ({ inPage }) => {
    const { actual, expected, trained, bytesLeft } = await inPage(page, 'compare', given);
    expect(actual).toHaveLength(given.steps);
    expected.forEach((step, s) => {
      expect.soft(Math.abs(actual[s]!.loss - step.loss), `loss of step ${s}: ${actual[s]!.loss} against ${step.loss}`).toBeLessThan(1e-5);
      expect.soft(Math.abs(actual[s]!.gradientNorm - step.gradientNorm) / step.gradientNorm, `norm of step ${s}`).toBeLessThan(1e-4);
      expect(actual[s]!.stepLoss).toHaveLength(given.options.timeSteps);
      step.stepLoss.forEach((loss, t) => expect.soft(Math.abs(actual[s]!.stepLoss[t]! - loss), `step ${s}, loss at ${t}`).toBeLessThan(2e-5));
    });
    for (const [parameter, error] of Object.entries(trained)) expect.soft(error, `${parameter} after the last step`).toBeLessThan(1e-4);
    expect(bytesLeft, 'bytes not freed').toBe(0);
  });
}
