// Recipes of gradients cases in which every value of an option meets every value of every other one. All options at once would be
// hundreds of thousands.
import { pairwise, type Combination } from '../combinations.ts';
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

type Choice = Combination<typeof FACTORS>;

const ORDERS = {
  rnn: ['h', 'h', 'h', 'h'], gru: ['zrn', 'rzn', 'nzr', 'rnz'], lstm: ['iofg', 'ifgo', 'gofi', 'ogif'], coupled: ['iofg', 'igo', 'ogi', 'fgio'],
} as const;
const HARD = { hardSigmoid: [0.3, 0.45] } as const;

function recipeOf(choice: Choice, k: number): Recipe {
  const { cell: kind, gateOrder, sizes, clip } = choice;
  const [rnn, gru, coupled] = [kind.startsWith('rnn'), kind.startsWith('gru'), kind.startsWith('coupled')];
  const peephole = kind.includes('peephole');
  const lengths = [sizes.time, 0, Math.max(1, sizes.time - 2)].slice(0, sizes.batch);
  const activations = {
    usual: undefined,
    hard: { gate: HARD, candidate: 'relu', ...(!gru && { output: { affine: [0.5, 0.1] } }) },
    others: { gate: 'tanh', candidate: 'sigmoid', ...(!gru && { output: 'relu' }) },
  } as const;
  return {
    id: `pair ${k}: ${kind}`,
    cell: rnn ? kind as 'rnn_tanh' : gru ? 'gru' : 'lstm',
    gateOrder: ORDERS[rnn ? 'rnn' : gru ? 'gru' : coupled ? 'coupled' : 'lstm'][gateOrder]!,
    peepholeOrder: ['iof', 'ifo', 'ofi', 'fio'][gateOrder]!,
    layers: choice.layers, direction: choice.direction, batchFirst: choice.batchFirst, bias: choice.bias, loss: choice.loss,
    initialStates: choice.initialStates, dtype: choice.dtype, sizes, coupled, peephole,
    ...(choice.lengths && { lengths }),
    ...(clip !== undefined && { clip }),
    ...(kind.endsWith('previous') && { peepholeOutput: 'previous' }),
    ...(gru && { resetAfter: kind === 'gru' }),
    ...(!rnn && activations[choice.activations] && { activations: activations[choice.activations] as NonNullable<Recipe['activations']> }),
  };
}

export const pairRecipes: readonly Recipe[] = pairwise(FACTORS).map(recipeOf);
