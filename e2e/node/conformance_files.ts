// The project's own case files for `npm run conformance`, by name: every option with every other, every cell in every direction and
// depth, long sequences, training. tools/conformance/generate.mjs writes them to a folder.
import { decode } from '../../tools/conformance/tensor.ts';
import { encode, makeCase, recipes, type EncodedTensor, type MadeCase, type Recipe } from './conformance_cases.ts';
import { pairRecipes } from './conformance_pairs.ts';
import { makeTraining, trainingRecipes, type MadeTraining, type TrainingRecipe } from './conformance_training_cases.ts';

export interface OwnFile {
  readonly about: string;
  readonly cases: readonly (MadeCase | MadeTraining)[];
}

type Kind = Omit<Recipe, 'id'>;

const KINDS: Readonly<Record<string, Kind>> = {
  rnn_tanh: { cell: 'rnn_tanh', gateOrder: 'h' },
  rnn_relu: { cell: 'rnn_relu', gateOrder: 'h' },
  lstm: { cell: 'lstm', gateOrder: 'iofg' },
  'lstm-peephole': { cell: 'lstm', gateOrder: 'ifgo', peephole: true },
  'lstm-peephole-previous': { cell: 'lstm', gateOrder: 'gofi', peephole: true, peepholeOutput: 'previous' },
  'lstm-coupled': { cell: 'lstm', gateOrder: 'iofg', coupled: true },
  'lstm-coupled-peephole': { cell: 'lstm', gateOrder: 'oig', peepholeOrder: 'oi', coupled: true, peephole: true },
  'lstm-projected': { cell: 'lstm', gateOrder: 'iofg', projSize: 5 },
  'gru-after': { cell: 'gru', gateOrder: 'zrn', resetAfter: true },
  'gru-before': { cell: 'gru', gateOrder: 'rzn', resetAfter: false },
};

/** Every kind in every direction, depth and with rows of one length and of several. */
const grid: readonly Recipe[] = Object.entries(KINDS).flatMap(([name, kind]) => (['forward', 'reverse', 'bidirectional'] as const).flatMap((direction) =>
  [1, 2].flatMap((layers) => [undefined, [7, 3, 1]].map((lengths) => ({
    ...kind, id: `grid ${name} ${direction} ${layers} ${lengths ? 'ragged' : 'even'}`, direction, layers, initialStates: true, ...(lengths && { lengths }),
    sizes: { input: 6, hidden: 9, batch: 3, time: 7 },
  })))));

/** Sequences long enough that errors would add up, with sizes that are no multiple of a tile. */
const long: readonly Recipe[] = ['rnn_tanh', 'lstm', 'lstm-peephole', 'gru-after', 'gru-before'].map((name) => ({
  ...KINDS[name]!, id: `long ${name}`, loss: 'dot', initialStates: true, sizes: { input: 10, hidden: 33, batch: 3, time: 48 },
}));

/** Every structure with every cell, in the spelling of the format. */
const structures: readonly TrainingRecipe[] = (['char_lm', 'classifier', 'seq2seq'] as const).flatMap((structure) =>
  ([['rnn_tanh', 'h'], ['lstm', 'fiog'], ['gru', 'nrz']] as const).flatMap(([cell, gateOrder]) => [undefined, 4].map((embed) => ({
    id: `train ${structure} ${cell} ${embed ? 'table' : 'one-hot'}`, structure, cell, gateOrder, clip: 0.25, layers: embed ? 2 : 1,
    ...(embed && { embed }), ...(structure === 'char_lm' && { stateful: Boolean(embed) }),
  }))));

/** The cases that specs run too have the numbers that they have there. */
export function ownFiles(): Readonly<Record<string, OwnFile>> {
  const made = (all: readonly Recipe[], seed: number): MadeCase[] => all.map((recipe, k) => makeCase(recipe, seed + k));
  const training = [...trainingRecipes, ...structures].map((recipe, k) => makeTraining(recipe, 1 + k));
  return {
    '1-options.json': { about: 'every part of the format once', cases: made(recipes, 1) },
    '2-pairs.json': { about: 'gradients: every value of an option with every value of every other; padding is NaN', cases: made(pairRecipes, 1).map(withoutPadding) },
    '3-grid.json': { about: 'forward: cell, direction, layers, lengths', cases: made(grid, 200) },
    '4-long.json': { about: 'gradients through long sequences', cases: made(long, 400) },
    '5-training.json': { about: 'losses, norms and final weights of Adam', cases: training },
  };
}

/** The case with NaN past its rows' lengths, in what goes in and in what comes back. */
export function withoutPadding(given: MadeCase): MadeCase {
  const { lengths, batchFirst } = given.options as { lengths: readonly number[] | null; batchFirst: boolean };
  const { x, dOutput } = given.inputs;
  if (!lengths || x!.dtype === 'int32') return given;
  const blank = (tensor: EncodedTensor): EncodedTensor => {
    const [first = 1, second = 1, features = 1] = tensor.shape;
    const { values } = decode('x', tensor);
    for (let i = 0; i < first * second; i++) {
      const [a, b] = [Math.floor(i / second), i % second];
      const [t, n] = batchFirst ? [b, a] : [a, b];
      if (t >= lengths[n]!) values.fill(NaN, i * features, (i + 1) * features);
    }
    return encode(values, tensor.shape, tensor.dtype);
  };
  return { ...given, inputs: { ...given.inputs, x: blank(x!), ...(dOutput && { dOutput: blank(dOutput) }) } };
}
