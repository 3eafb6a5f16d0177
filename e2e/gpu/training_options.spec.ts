// Documents and carried states: nothing leaks. Masks: in training alone, and the same after a restart. Traces of a training step.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./training_options.page.ts')>('/e2e/gpu/training_options.page.ts');

test('no state leaks from a document to the next, nor over a window without a carried state; within a text it does', async ({ inPage }) => {
  const { documents, longer, stateless, text, evaluated } = await inPage(page, 'leaks');
  for (const [after, name] of [[documents, 'documents'], [longer, 'documents, longer back'], [stateless, 'stateless']] as const) {
    expect(after[0], name).toHaveLength(8);
    expect(after[1], name).toEqual(after[0]);
  }
  expect(longer[0]).toEqual(documents[0]);
  expect(text[1]).not.toEqual(text[0]);
  const { both, apart, joined } = evaluated;
  expect(both.characters).toBe(16);
  expect(both.loss).toBeCloseTo((apart[0]!.loss + apart[1]!.loss) / 2, 6);
  expect(Math.abs(both.loss - joined.loss)).toBeGreaterThan(1e-4);
});

const runs = {
  'dropout and zoneout': { layers: 'masked', options: {}, steps: 9 },
  'dropout, documents, more steps back': { layers: 'masked', options: { backTimeSteps: 7 }, documents: [0, 9, 10, 31, 40, 44, 70], steps: 12 },
  'more steps back': { layers: 'plain', options: { backTimeSteps: 11 }, steps: 9 },
  'no carried state': { layers: 'plain', options: { stateful: false }, steps: 9 },
} as const;
for (const [name, options] of Object.entries(runs)) {
  test(`${name}: a run restored from a checkpoint into a trainer of other seeds goes on bit-identically`, async ({ inPage }) => {
    const { losses, restarted, otherSeed } = await inPage(page, 'restarts', options);
    expect(losses).toHaveLength(2 * options.steps);
    expect(restarted).toEqual([losses, losses]);
    if (options.layers === 'masked') expect(otherSeed).not.toEqual(losses);
    else expect(otherSeed).toEqual(losses);
  });
}

test('a window of backTimeSteps alone is the window without it', async ({ inPage }) => {
  const [given, same, longer] = await inPage(page, 'backs');
  expect(same).toEqual(given);
  expect(longer).not.toEqual(given);
});

test('a checkpoint of other steps back or of another state is refused', async ({ inPage }) => {
  const messages = await inPage(page, 'otherShapes');
  expect(messages[0]).toBe('the checkpoint was made with backTimeSteps 4, this trainer with backTimeSteps 5: make the trainer with 4');
  expect(messages[1]).toBe('the checkpoint was made with stateful true, this trainer with stateful false: make the trainer with true');
});

test('masks are drawn in training alone; a file keeps the layers\' options', async ({ inPage }) => {
  const { dropping, none, saved, loaded } = await inPage(page, 'masksInTrainingOnly');
  expect(dropping.evaluation).toEqual(none.evaluation);
  expect(dropping.text).toBe(none.text);
  expect(dropping.trained).not.toEqual(none.trained);
  expect(loaded).toEqual(saved);
  expect(saved.about['model']).toContain('"zoneout":{"h":0.2,"c":0.3}');
  expect(saved.evaluation.loss, 'zoneout by its expectation').not.toBe(dropping.evaluation.loss);
});

test('held-out documents are predicted whole, as the trainer carries its state', async ({ inPage }) => {
  const { carried, zero, documents, characters } = await inPage(page, 'heldOut');
  expect(documents).toBeGreaterThan(1);
  for (const { validated, alone, otherwise } of [carried, zero]) {
    expect(validated.characters).toBe(characters - documents);
    expect(alone).toEqual(validated);
    expect(Math.abs(otherwise.loss - alone.loss)).toBeGreaterThan(1e-5);
  }
});

for (const cell of ['lstm', 'gru'] as const) {
  test(`the trace of a training step of ${cell} is the operator's`, async ({ inPage }) => {
    const { trainer, operator } = await inPage(page, 'traced', { cell });
    expect(trainer).toHaveLength(2);
    trainer.forEach(({ gradientNorms, saturation }, l) => {
      gradientNorms.forEach(([norm], t) => {
        const expected = operator[l]!.gradientNorms[t]![0]!;
        expect.soft(Math.abs(norm! - expected) / expected, `layer ${l}, step ${t}: ${norm} against ${expected}`).toBeLessThan(1e-5);
      });
      expect(saturation).toEqual(operator[l]!.saturation);
    });
  });
}

test('a trace changes no loss and shows the gradient at the old steps', async ({ inPage }) => {
  const { losses, expected, first, last, refused, more } = await inPage(page, 'tracedBack');
  expect(losses).toEqual(expected);
  expect(first).toEqual([true, true, true, false, false, false, false]);
  expect(last).toEqual(new Array<boolean>(7).fill(true));
  expect(refused).toMatch(/made without trace: true/);
  // Of both layers 7 norms and 7 saturations of 4 and of 3 gates, and the same of each of the 3 rows.
  expect(more).toBe(4 * (1 + 3) * (2 * 7 + 7 * 4 + 7 * 3));
});
