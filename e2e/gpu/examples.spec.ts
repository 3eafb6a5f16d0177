// Every example learns: short, seeded runs of what `npm run example` runs, against the baselines that the examples compute.
import { expect, pageOf, test } from '../harness.ts';
import type { run } from './examples.page.ts';

const page = pageOf<typeof import('./examples.page.ts')>('/e2e/gpu/examples.page.ts');
type Ran = Awaited<ReturnType<typeof run>>;

interface Short {
  /** The example, where the key is not its name. */
  readonly example?: string;
  readonly options: Record<string, number | string | string[]>;
  check(ran: Pick<Ran, 'figures' | 'firsts' | 'bytesLeft'>): void;
}

/** A run of the adding problem in which every network begins near the baseline or above it, and gives its GPU memory back. */
function checkAdding({ firsts, bytesLeft }: Pick<Ran, 'firsts' | 'bytesLeft'>): void {
  for (const { part, figures } of firsts) expect(figures['mean squared error of 100 steps'], `${part} at first`).toBeGreaterThan(0.15);
  expect(bytesLeft).toBe(0);
}

/** What each is told, and what must come of it. */
const short: Record<string, Short> = {
  characters: {
    options: { steps: 150, hidden: 64, embed: 16, batch: 16, window: 32, rate: 1e-2, every: 75, sample: 20 },
    check({ figures: { test: bits, '1-gram': unigram, '4-gram': fourgram } }) {
      expect(bits).toBeLessThan(unigram! - 0.7);
      expect(fourgram).toBeLessThan(2.6);
    },
  },
  names: {
    options: { members: 2, steps: 100, hidden: 32, every: 50, inputDropout: 0, recurrentDropout: 0 },
    check({ figures: { test: accuracy, majority, naiveBayes } }) {
      expect(accuracy).toBeGreaterThan(majority! + 0.17);
      expect(naiveBayes).toBeGreaterThan(0.84);
    },
  },
  weather: {
    options: { steps: 120, hidden: 16, every: 20, rate: 1e-2 },
    check({ figures: { test: rmse, persistence, climatology, constant } }) {
      expect(climatology).toBeLessThan(constant!);
      expect(rmse).toBeLessThan(persistence! - 0.05);
      expect(rmse).toBeGreaterThan(2); // less would mean that the forecast has seen the day
    },
  },
  'name-generation': {
    options: { steps: 250, hidden: 48, every: 125, samples: 150 },
    check({ figures: { test: bits, otherClass, unigram, baseline, new: novel, distinct, ofClass } }) {
      expect(baseline).toBeLessThan(unigram! - 0.7);
      expect(bits).toBeLessThan(unigram! - 0.6);
      expect(otherClass, 'the class is heard').toBeGreaterThan(bits! + 0.05);
      expect(novel).toBeGreaterThan(0.3);
      expect(distinct).toBeGreaterThan(0.8);
      expect(ofClass).toBeGreaterThan(0.6);
    },
  },
  adding: {
    options: { cells: ['gru', 'irnn'], length: 20, steps: 250, hidden: 24, batch: 32 },
    check(ran) {
      checkAdding(ran);
      const { gru, irnn, baseline } = ran.figures;
      expect(gru).toBeLessThan(baseline! / 4);
      expect(irnn).toBeLessThan(baseline! / 2);
    },
  },
  // An LSTM whose gates begin with long times needs a rate at which an IRNN diverges.
  'adding by an LSTM': {
    example: 'adding',
    options: { cells: ['lstm'], length: 20, steps: 250, hidden: 24, batch: 32, rate: 2e-2 },
    check(ran) {
      checkAdding(ran);
      const { lstm } = ran.figures;
      expect(lstm).toBeLessThan(0.04);
    },
  },
  copying: {
    options: { cells: ['gru'], symbols: 2, delay: 3, steps: 250, hidden: 32, rate: 1e-2 },
    check({ figures: { gru, baseline, 'gru right': right } }) {
      expect(gru).toBeLessThan(baseline! / 2);
      expect(right).toBeGreaterThan(0.7);
    },
  },
};

for (const [name, { example = name, options, check }] of Object.entries(short)) {
  test(`${name} learns`, async ({ inPage }) => {
    const { figures, table, rows, firsts, last, bytesLeft } = await inPage(page, 'run', { name: example, options });
    console.log(`${name}: ${JSON.stringify(figures)}`);
    check({ figures, firsts, bytesLeft });
    expect(last.step).toBe(options.steps);
    const networks = Array.isArray(options.cells) ? options.cells.length : Number(options.members ?? 1);
    expect(rows).toBe(Number(options.steps) * networks);
    for (const row of table) expect(row, row.join()).toHaveLength(table[0]!.length);
  });
}

test('a lost device ends a run with an error that says what to do', async ({ inPage }) => {
  const { name, message, done } = await inPage(page, 'lostDevice');
  expect(name).toBe('DeviceLostError');
  expect(message).toContain('Open a new one');
  expect(done).toBe(true);
});

test('the weights of the best validation come back, of equal ones the first', async ({ inPage }) => {
  const { restored, score, step, empty } = await inPage(page, 'bestWeights');
  expect([restored, score, step]).toEqual([[2, -2, 20], 0.7, 2]);
  expect(empty).toContain('no weights were kept');
});

test('an LSTM of long memory begins with gates for times from 1 to T-1, the others as they are', async ({ inPage }) => {
  const { added, others } = await inPage(page, 'initialBiases', { length: 100, hidden: 64 });
  const H = 64;
  const [input, forget, rest] = [added.slice(0, H), added.slice(H, 2 * H), added.slice(2 * H)];
  expect(Math.max(...rest.map(Math.abs)), 'g and o').toBe(0);
  for (let unit = 0; unit < H; unit++) expect(input[unit]).toBeCloseTo(-forget[unit]!, 5);
  const times = forget.map(Math.exp);
  expect(Math.min(...times)).toBeGreaterThanOrEqual(0.999);
  expect(Math.max(...times)).toBeLessThanOrEqual(99.001);
  expect(times.reduce((sum, time) => sum + time / H, 0), 'uniform').toBeGreaterThan(40);
  expect(times.reduce((sum, time) => sum + time / H, 0), 'uniform').toBeLessThan(60);
  expect(others).toEqual({ gru: 0, irnn: 0, rnn_tanh: 0 });
});

test("the adding problem's baseline is what answering 1 costs", async ({ inPage }) => {
  expect(await inPage(page, 'measuredBaseline', { length: 100 })).toBeCloseTo(1 / 6, 2);
});
