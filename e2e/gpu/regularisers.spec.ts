// Dropout and zoneout against the reference with the generator's own masks; traces of BPTT; streams.
import type { Activation } from '../../src/cells/activation.ts';
import { expect, pageOf, test } from '../harness.ts';
import type { CellChoice, RegularisedCase } from './regularisers.page.ts';

const page = pageOf<typeof import('./regularisers.page.ts')>('/e2e/gpu/regularisers.page.ts');

const cases: RegularisedCase[] = [
  { cell: 'lstm', direction: 'forward', dropout: 0.5, zoneout: {}, training: true },
  { cell: 'gru', direction: 'bidirectional', dropout: 0.3, zoneout: { h: 0.4 }, training: true },
  { cell: 'lstm', direction: 'bidirectional', dropout: 0.2, zoneout: { h: 0.1, c: 0.5 }, training: true },
  { cell: 'gru_reset_before', direction: 'forward', dropout: 0, zoneout: { h: 0.5 }, training: true },
  { cell: 'peephole_lstm', direction: 'forward', dropout: 0, zoneout: { h: 0.3 }, training: true },
  { cell: 'rnn_tanh', direction: 'bidirectional', dropout: 0, zoneout: { h: 0.3 }, training: true },
  { cell: 'min_gru', direction: 'forward', dropout: 0.6, zoneout: { h: 0.2 }, training: true },
  { cell: 'lstm', direction: 'bidirectional', dropout: 0, zoneout: {}, recurrentDropout: 0.4, training: true },
  { cell: 'gru', direction: 'bidirectional', dropout: 0.2, zoneout: { h: 0.2 }, recurrentDropout: 0.5, training: true },
  { cell: 'gru_reset_before', direction: 'bidirectional', dropout: 0, zoneout: {}, recurrentDropout: 0.3, training: true },
  { cell: 'coupled_peephole_lstm', direction: 'forward', dropout: 0, zoneout: {}, recurrentDropout: 0.3, training: true },
  { cell: 'ind_rnn', direction: 'bidirectional', dropout: 0, zoneout: {}, recurrentDropout: 0.3, training: true },
  { cell: 'lstm', direction: 'forward', dropout: 0.5, zoneout: { h: 0.1, c: 0.5 }, recurrentDropout: 0.4, training: false },
  // A row that ends early starts in reverse from a masked h0, whose part of the weights' gradient is a product of its own.
  ...(['lstm', 'gru', 'gru_reset_before', 'ind_rnn'] as const).flatMap((cell) => (['reverse', 'bidirectional'] as const).map((direction): RegularisedCase => (
    { cell, direction, lengths: [3, 5, 0], dropout: 0, zoneout: {}, recurrentDropout: 0.4, training: true }))),
  { cell: 'lstm', projSize: 4, direction: 'reverse', lengths: [4, 2, 5], dropout: 0, zoneout: { h: 0.2 }, recurrentDropout: 0.4, training: true },
  { cell: 'lstm', direction: 'bidirectional', lengths: [1, 4, 5], dropout: 0.3, zoneout: { h: 0.2, c: 0.3 }, recurrentDropout: 0.4, training: true },
  { cell: 'lstm', projSize: 4, direction: 'bidirectional', dropout: 0.2, zoneout: { h: 0.3, c: 0.4 }, recurrentDropout: 0.4, training: true },
  { cell: 'peephole_lstm', projSize: 5, direction: 'forward', dropout: 0, zoneout: { h: 0.3 }, training: true },
  { cell: 'lstm', projSize: 4, direction: 'forward', dropout: 0.5, zoneout: { h: 0.1, c: 0.5 }, recurrentDropout: 0.4, training: false },
  { cell: 'lstm', layerNorm: true, direction: 'bidirectional', dropout: 0.2, zoneout: { h: 0.3, c: 0.4 }, recurrentDropout: 0.4, training: true },
  { cell: 'gru', layerNorm: true, direction: 'forward', dropout: 0.3, zoneout: { h: 0.4 }, recurrentDropout: 0.3, training: true },
  { cell: 'coupled_lstm', layerNorm: true, projSize: 4, direction: 'bidirectional', dropout: 0, zoneout: { h: 0.3, c: 0.4 }, recurrentDropout: 0.3, training: true },
];

const nameOf = ({ cell, projSize, layerNorm }: CellChoice): string => `${layerNorm ? 'layer-normalized ' : ''}${projSize ? 'projected ' : ''}${cell}`;

for (const given of cases) {
  const { direction, lengths, dropout, zoneout, recurrentDropout = 0, training } = given;
  const title = `${nameOf(given)} ${direction}${lengths ? `, lengths ${lengths},` : ''} with dropout ${dropout}, zoneout ${JSON.stringify(zoneout)}, recurrent dropout ${recurrentDropout} agrees with float64${training ? '' : ' at evaluation'}`;
  test(title, async ({ inPage }) => {
    const errors = await inPage(page, 'compare', given);
    for (const [array, error] of Object.entries(errors)) {
      expect.soft(error, `relative L2 error of ${array}`).toBeLessThanOrEqual(['output', 'hn'].includes(array) ? 1e-5 : 1e-4);
    }
  });
}

test('each pass draws its own masks, the same ones for the same seed', async ({ inPage }) => {
  const [first, second, again] = await inPage(page, 'masksChange');
  expect(second).not.toEqual(first);
  expect(again).toEqual(first);
});

for (const [name, options] of Object.entries({
  'dropout': { masks: { dropout: 0.4, zoneout: {} }, ragged: false },
  'recurrent dropout and lengths': { masks: { dropout: 0, zoneout: {}, recurrentDropout: 0.4 }, ragged: true },
  'zoneout, checkpointed': { masks: { dropout: 0, zoneout: { h: 0.4 } }, ragged: true, checkpointEvery: 2 },
})) {
  test(`${name}: every pass encoded draws its own masks, the same as every pass called`, async ({ inPage }) => {
    const { byCalls, encoded, gradients } = await inPage(page, 'encodedMasks', options);
    expect(new Set(byCalls.map((output) => output.join())).size).toBe(4);
    expect(encoded.map((output) => output.join())).toEqual(byCalls.map((output) => output.join()));
    expect([...gradients[1]!]).toEqual([...gradients[0]!]);
  });
}

test('a gate is saturated at the limits of its own activation, and where its sum was clipped', async ({ inPage }) => {
  const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));
  const of = (candidate: Activation) => ({ activations: { candidate } });
  const cases = [
    { cell: 'rnn_tanh', limits: [-1, 1] },
    { cell: 'rnn_relu', limits: [0] },
    { cell: 'ind_rnn', limits: [0] },
    { cell: 'rnn_tanh', ...of('sigmoid'), limits: [0, 1] },
    { cell: 'rnn_tanh', ...of({ hardSigmoid: [0.2, 0.5] }), limits: [0, 1] },
    { cell: 'rnn_relu', ...of({ affine: [0.3, 0.1] }), limits: [] },
    { cell: 'rnn_tanh', ...of('sigmoid'), clipGates: 1, limits: [sigmoid(-1), sigmoid(1)] },
    { cell: 'rnn_tanh', clipGates: 0.5, limits: [Math.tanh(-0.5), Math.tanh(0.5)] },
    { cell: 'rnn_relu', clipGates: 1.5, limits: [0, 1.5] },
    { cell: 'rnn_tanh', ...of({ affine: [-0.5, 1] }), clipGates: 2, limits: [0, 2] },
  ] as const;
  for (const given of cases) {
    const { traced, counted } = await inPage(page, 'saturationOf', given);
    expect(Math.max(...counted) > 0, `${JSON.stringify(given)}: some are counted`).toBe(given.limits.length > 0);
    traced.forEach((share, t) => expect.soft(share, `${JSON.stringify(given)}, step ${t}`).toBeCloseTo(counted[t]!, 6));
  }
  const { z, n } = await inPage(page, 'saturationOfMinGru');
  expect(Math.max(...z!.flat())).toBeGreaterThan(0.5);
  expect(n!.flat()).toEqual([0, 0]);
});

for (const cell of ['lstm', 'gru'] as const) {
  test(`the saturation of each gate of ${cell}, both ways and by lengths, is that of the gates computed on the host`, async ({ inPage }) => {
    const { traced, counted } = await inPage(page, 'saturationByHost', { cell });
    expect(Object.keys(traced)).toEqual(Object.keys(counted));
    for (const [gate, steps] of Object.entries(counted)) {
      steps.forEach((directions, t) => directions.forEach((share, d) => expect.soft(traced[gate]![t]![d], `${gate}, step ${t}, direction ${d}`).toBeCloseTo(share, 6)));
    }
    // Of candidates both ends count, of gates 0 and 1: no two gates have the same shares.
    expect(new Set(Object.values(counted).map((steps) => steps.flat().join())).size).toBe(Object.keys(counted).length);
  });
}

for (const choice of [{ cell: 'lstm' }, { cell: 'lstm', projSize: 4, layerNorm: true }] as const) {
  test(`a trace of ${nameOf(choice)} leaves the gradients as they are, and counts no padding`, async ({ inPage }) => {
    const { sameGradients, measured } = await inPage(page, 'trace', { ...choice, lengths: [3, 2, 3] });
    expect(sameGradients).toBe(true);
    expect(measured).toHaveLength(3);
    for (const { gradientNorms, saturation } of measured) {
      expect(gradientNorms.map((d) => d.map((x) => x > 0))).toEqual([[true, true], [true, true], [true, true], [false, false], [false, false]]);
      expect(Object.keys(saturation)).toEqual(['i', 'f', 'g', 'o']);
      for (const shares of Object.values(saturation)) for (const share of shares.flat()) expect(share >= 0 && share <= 1).toBe(true);
      for (const shares of Object.values(saturation)) expect(shares.slice(3).flat()).toEqual([0, 0, 0, 0]);
    }
  });
}

const TRACED: readonly CellChoice[] = [
  { cell: 'lstm' }, { cell: 'gru' }, { cell: 'gru_reset_before' }, { cell: 'rnn_tanh' },
  { cell: 'lstm', projSize: 4 }, { cell: 'lstm', layerNorm: true }, { cell: 'gru', layerNorm: true },
];
for (const choice of TRACED) {
  test(`traced norms of ${nameOf(choice)} are those of dL/dh[t], found by running each tail of the window alone`, async ({ inPage }) => {
    const { traced, expected } = await inPage(page, 'traceByTails', choice);
    traced.forEach((norm, t) => expect.soft(Math.abs(norm - expected[t]!) / expected[t]!, `step ${t}: ${norm} against ${expected[t]}`).toBeLessThan(1e-5));
  });
}

const STREAMED: readonly CellChoice[] = [
  { cell: 'lstm' }, { cell: 'gru' }, { cell: 'min_gru' },
  { cell: 'lstm', projSize: 4 }, { cell: 'gru', layerNorm: true }, { cell: 'peephole_lstm', projSize: 4, layerNorm: true },
];
for (const choice of STREAMED) {
  test(`a stream of ${nameOf(choice)} equals the whole sequence bit for bit, and can be forked, kept and restored`, async ({ inPage }) => {
    const r = await inPage(page, 'stream', choice);
    expect(r.single).toEqual(r.whole);
    expect(r.forked).toEqual(r.tail);
    expect(r.restored).toEqual(r.tail);
    expect(r.again).toEqual(r.head);
    expect(r.bytesLeft).toBe(0);
  });
}

for (const cell of ['lstm', 'gru'] as const) {
  test(`rows of a stream of ${cell} go on from the states of others`, async ({ inPage }) => {
    const r = await inPage(page, 'reorder', { cell });
    expect(r.moved).toBe(true);
    expect(r.h).toEqual(r.pickedH);
    expect(r.c).toEqual(r.pickedC);
    expect(r.output).toEqual(r.expected);
    const last = r.batch - 1;
    expect(r.said).toEqual([
      `rows needs one number a row: ${r.batch}; ${last} were given`,
      `rows[1] is ${r.batch}; it must be a whole number from 0 to ${last}`,
      `rows[1] is -1; it must be a whole number from 0 to ${last}`,
    ]);
    expect(r.bytesLeft).toBe(0);
  });
}
