// A stack whose first layer reads its input side by token, beside one whose rows are gathered first.
import { cellNamed } from '../../src/cells/registry.ts';
import { allocateProxy, subslice, type Slice } from '../../src/gpu/memory.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { Replay } from '../../src/gpu/submit.ts';
import { openDevice } from '../../src/index.ts';
import { Parameters } from '../../src/layers/parameters.ts';
import { StackWindow } from '../../src/layers/stack.ts';
import { stackParameters } from '../../src/layers/stack_parameters.ts';
import { allocateTokens, lengthsShape, wholeLengths } from '../../src/scheduler/history.ts';
import { allocateCarriedState, startFrom } from '../../src/scheduler/window.ts';

export interface TokenRowsCase {
  readonly cell: string;
  readonly embedding: 'one-hot' | 'table';
  readonly training: boolean;
  readonly projSize?: number;
  /** Tiles with all sizes folded in. */
  readonly folded?: boolean;
}

/** What one of the two ways did: by rows that were gathered before, or read in the step. */
export interface Way {
  readonly labels: string[];
  readonly values: number[];
  /** The output of a second pass. */
  readonly second: number[];
}

const T = 6, N = 5, V = 7, E = 4, H = 9;
const LENGTHS = [6, 2, 5, 1, 4];

/** For both ways: the kernels of a forward pass, what is left of its output [T,N,F] and, in training, of the gates of the rows' own steps. */
export async function twoWays({ cell, embedding, training, projSize = 0, folded = false }: TokenRowsCase): Promise<[gathered: Way, read: Way]> {
  const gpu = await openDevice();
  const layers = [0, 1].map((l) => ({
    cell: cellNamed(cell), inputSize: l > 0 ? projSize || H : embedding === 'table' ? E : V, hiddenSize: H, projSize, bias: true,
    direction: 'forward' as const, merge: 'concat' as const, dropout: 0, forgetBias: 1, recurrentInit: 'uniform' as const,
  }));
  const parameters = new Parameters([{ name: 'embedding.weight', shape: [V, E], initialise: { distribution: 'normal', scale: 1 } }, ...stackParameters(layers)], 'p');
  gpu.memory.allocate(parameters.buffers);
  gpu.write(parameters.flat, parameters.initialValues(5));
  const words = wholeLengths(N, T);
  words.set(LENGTHS);
  const run = async (together: boolean): Promise<Way> => {
    const { lengths, tokens } = together ? allocateTokens('tokens', T, N) : { lengths: allocateProxy('lengths', lengthsShape(N), 'input'), tokens: allocateProxy('tokens', [T, N], 'input') };
    const input = embedding === 'one-hot' ? { kind: 'one-hot' as const, tokens, vocabulary: V } : { kind: 'table' as const, tokens, vocabulary: V, embedding: parameters.stored('embedding.weight') };
    const stack = new StackWindow(layers, parameters, input, { timeSteps: T, batchSize: N, training, lengths, ragged: true, hasHead: true });
    const carried = allocateCarriedState(stack.histories);
    gpu.memory.allocate([...stack.buffers(), lengths.buffer, tokens.buffer, ...carried.flat().map(({ buffer }) => buffer)]);
    for (const [k, state] of carried.flat().entries()) gpu.write(state, Float32Array.from({ length: state.shape.reduce((a, b) => a * b) }, (_, i) => Math.sin(i + k)));
    gpu.write(lengths, words);
    // The last token is none of the vocabulary: both ways take its last row.
    gpu.write(tokens, Uint32Array.from({ length: T * N }, (_, i) => (i === 10 ? V + 3 : (i * 5 + 2) % V)));
    const recording = new Recording(gpu.tiles, folded ? { specializeAbove: 0 } : {});
    startFrom(recording, stack.histories, carried);
    stack.forward(recording);
    new Replay(gpu, recording, 'forward').submit();
    const { gates } = stack.histories[0]!;
    const row = gates.shape.slice(2).reduce((a, b) => a * b, 1);
    const kept = training ? await Promise.all(Array.from({ length: T * N }, (_, i) => gpu.read(part(gates, i, row)))) : [];
    const own = kept.filter((_, i) => Math.floor(i / N) < LENGTHS[i % N]!);
    const labels = recording.commands.flatMap((command) => (command.kind === 'dispatch' ? [command.label] : []));
    // A second pass: the first wrote its activations, and the table must be as it was.
    const values = [...(await gpu.read(stack.output)), ...own.flatMap((part) => [...part])];
    new Replay(gpu, recording, 'forward again').submit();
    return { labels, values, second: [...(await gpu.read(stack.output))] };
  };
  const ways: [Way, Way] = [await run(false), await run(true)];
  gpu.destroy();
  return ways;
}

const part = (of: Slice, i: number, row: number): Slice => subslice(of, i * row, [row]);
