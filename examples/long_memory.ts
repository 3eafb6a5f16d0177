// The networks that the tasks of long memory compare: one layer each, begun as their authors advise.
import { createRecurrent, type Gpu, type Recurrent, type RecurrentOptions } from '../src/index.ts';
import { createRandom } from './data/random.ts';

const NETWORKS = {
  lstm: { cell: 'lstm' },
  gru: { cell: 'gru' },
  irnn: { cell: 'rnn_relu', recurrentInit: 'identity' },
  rnn_tanh: { cell: 'rnn_tanh' },
} as const satisfies Record<string, Pick<RecurrentOptions, 'cell' | 'recurrentInit'>>;

export type NetworkName = keyof typeof NETWORKS;

export const NETWORK_NAMES = Object.keys(NETWORKS) as readonly NetworkName[];

/**
 * A network for sequences of `length` steps.
 *
 * An LSTM's gates begin as in Tallec & Ollivier 2018 (arXiv:1804.11188): each unit's forget gate keeps for a time of its own, between 1 and
 * T-1 steps, its bias being log of that, and the input gate's is the opposite. An IRNN begins as the identity (Le, Jaitly & Hinton 2015).
 * GRU and tanh RNN have nothing special.
 */
export async function createNetwork(
  gpu: Gpu, name: NetworkName, { length, seed, ...sizes }: { length: number; inputSize: number; hiddenSize: number; seed: number },
): Promise<Recurrent> {
  const recurrent = createRecurrent(gpu, { ...NETWORKS[name], ...sizes, seed });
  if (name === 'lstm') {
    const { hiddenSize: H } = sizes;
    // A stream that no training step reaches.
    const random = createRandom(seed, 0xffffffff);
    const bias = await recurrent.parameters.bias_ih_l0!.read();
    for (let unit = 0; unit < H; unit++) {
      const kept = Math.log(1 + random.uniform() * (length - 2));
      bias[unit]! -= kept; // i f g o
      bias[H + unit]! += kept;
    }
    recurrent.parameters.bias_ih_l0!.write(bias);
  }
  return recurrent;
}
