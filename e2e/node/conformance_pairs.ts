// Recipes of gradients cases in which every value of an option meets every value of every other one, in as few cases as a greedy
// search finds. All options at once would be hundreds of thousands.
import type { Recipe } from './conformance_cases.ts';

/** Values by option; which gate order a number stands for depends on the cell. */
const FACTORS = {
  cell: ['rnn_tanh', 'rnn_relu', 'lstm', 'peephole', 'peephole, previous', 'coupled', 'coupled peephole', 'gru', 'gru, reset before'],
  gateOrder: [0, 1, 2, 3],
  direction: ['forward', 'reverse', 'bidirectional'],
  layers: [1, 2, 3],
  lengths: [false, true],
  clip: [undefined, 0.7],
  activations: ['usual', 'hard', 'others'],
  bias: ['both', 'single', 'recurrent', 'none'],
  batchFirst: [false, true],
  loss: ['dot', 'mse'],
  initialStates: [false, true],
  dtype: ['float32', 'float64', 'int32'],
  sizes: [{ input: 3, hidden: 5, batch: 3, time: 4 }, { input: 1, hidden: 1, batch: 1, time: 2 }, { input: 6, hidden: 9, batch: 2, time: 1 }],
} as const;

type Choice = { readonly [F in keyof typeof FACTORS]: number };
const NAMES = Object.keys(FACTORS) as (keyof typeof FACTORS)[];

const ORDERS = {
  rnn: ['h', 'h', 'h', 'h'], gru: ['zrn', 'rzn', 'nzr', 'rnz'], lstm: ['iofg', 'ifgo', 'gofi', 'ogif'], coupled: ['iofg', 'igo', 'ogi', 'fgio'],
} as const;
const HARD = { hardSigmoid: [0.3, 0.45] } as const;

/** Choices until every pair of values has met: each time, of many drawn ones, that which has the most new pairs. */
function covering(): Choice[] {
  const key = (a: number, i: number, b: number, j: number): string => `${a}.${i} ${b}.${j}`;
  const pairsOf = (choice: readonly number[]): string[] => choice.flatMap((i, a) => choice.slice(a + 1).map((j, k) => key(a, i, a + 1 + k, j)));
  const open = new Set<string>();
  NAMES.forEach((a, x) => NAMES.slice(x + 1).forEach((b, k) => FACTORS[a].forEach((_, i) => FACTORS[b].forEach((__, j) => open.add(key(x, i, x + 1 + k, j))))));
  let state = 7;
  const below = (limit: number): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const found: number[][] = [];
  while (open.size > 0) {
    let best: number[] = [];
    let most = 0;
    for (let attempt = 0; attempt < 200 || most === 0; attempt++) {
      const drawn = NAMES.map((name) => below(FACTORS[name].length));
      const count = pairsOf(drawn).filter((pair) => open.has(pair)).length;
      if (count > most) [best, most] = [drawn, count];
    }
    pairsOf(best).forEach((pair) => open.delete(pair));
    found.push(best);
  }
  return found.map((choice) => Object.fromEntries(NAMES.map((name, k) => [name, choice[k]!])) as Choice);
}

function recipeOf(choice: Choice, k: number): Recipe {
  const value = <F extends keyof typeof FACTORS>(name: F): (typeof FACTORS)[F][number] => FACTORS[name][choice[name]]!;
  const kind = value('cell');
  const [rnn, gru, coupled] = [kind.startsWith('rnn'), kind.startsWith('gru'), kind.startsWith('coupled')];
  const peephole = kind.includes('peephole');
  const sizes = value('sizes');
  const lengths = [sizes.time, 0, Math.max(1, sizes.time - 2)].slice(0, sizes.batch);
  const activations = {
    usual: undefined,
    hard: { gate: HARD, candidate: 'relu', ...(!gru && { output: { affine: [0.5, 0.1] } }) },
    others: { gate: 'tanh', candidate: 'sigmoid', ...(!gru && { output: 'relu' }) },
  } as const;
  const clip = value('clip');
  return {
    id: `pair ${k}: ${kind}`,
    cell: rnn ? kind as 'rnn_tanh' : gru ? 'gru' : 'lstm',
    gateOrder: ORDERS[rnn ? 'rnn' : gru ? 'gru' : coupled ? 'coupled' : 'lstm'][value('gateOrder')]!,
    peepholeOrder: ['iof', 'ifo', 'ofi', 'fio'][value('gateOrder')]!,
    layers: value('layers'), direction: value('direction'), batchFirst: value('batchFirst'), bias: value('bias'), loss: value('loss'),
    initialStates: value('initialStates'), dtype: value('dtype'), sizes, coupled, peephole,
    ...(value('lengths') && { lengths }),
    ...(clip !== undefined && { clip }),
    ...(kind.endsWith('previous') && { peepholeOutput: 'previous' }),
    ...(gru && { resetAfter: kind === 'gru' }),
    ...(!rnn && activations[value('activations')] && { activations: activations[value('activations')] as NonNullable<Recipe['activations']> }),
  };
}

export const pairRecipes: readonly Recipe[] = covering().map(recipeOf);
