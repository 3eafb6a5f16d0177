// What the scheduler records for a window of T=3, without a GPU: which dispatches, in which order, between which slots.
import { expect, test } from 'playwright/test';
import { load } from '../engine.ts';
import type * as ParametersModule from '../../src/layers/parameters.ts';
import type * as MemoryModule from '../../src/gpu/memory.ts';
import type * as RecordingModule from '../../src/gpu/recording.ts';
import type * as StackModule from '../../src/layers/stack.ts';
import type * as StackParametersModule from '../../src/layers/stack_parameters.ts';
import type * as RegistryModule from '../../src/cells/registry.ts';
import type * as HistoryModule from '../../src/scheduler/history.ts';
import type * as WindowModule from '../../src/scheduler/window.ts';

type Command = RecordingModule.Command;
type Slice = MemoryModule.Slice;

/** A slice as `buffer+offset[shape]`; a whole buffer as its name alone. */
function place({ buffer, offset, shape }: Slice): string {
  const whole = offset === 0 && buffer.bytes === 4 * shape.reduce((a, b) => a * b, 1);
  return whole ? buffer.name : `${buffer.name}+${offset}[${shape.join()}]`;
}

/** A command as one line: what a reader needs to follow the chain. */
function line(command: Command): string {
  if (command.kind === 'copy') return `copy ${place(command.from)} -> ${place(command.to)}`;
  if (command.kind === 'clear') return `clear ${place(command.target)}`;
  const { label, params: p, bindings: b } = command;
  if (label === 'lstm.forward' || label === 'lstm.backward') return `${label} step ${p.step} of ${p.steps}`;
  if (label.startsWith('matmul')) return `${label} ${p.M}x${p.N}x${p.K} ${place(b.a!)} * ${place(b.b!)} ${p.accumulate ? '+->' : '->'} ${place(b.c!)}${p.has_bias ? ' + bias' : ''}`;
  if (label.startsWith('column_sum')) return `${label} ${p.rows}x${p.columns} ${place(b.x!)} +-> ${[b.total, b.second_total].flatMap((sum) => (sum ? [place(sum)] : [])).join(', ')}`;
  if (label === 'embedding.gather') return `${label} ${p.tokens_count} from ${p.first} ${place(b.table!)} -> ${place(b.rows!)}`;
  if (label.startsWith('state.first')) return `${label} ${place(b.gates!)} -> ${place(b.first!)}`;
  if (label.startsWith('state.')) return `${label} ${place(b.history!)} ${label.includes('load') ? '<-' : '->'} ${place(b.state!)}`;
  return `${label} ${place(b.d_rows!)} +-> ${place(b.d_table!)}`;
}

async function engine() {
  return {
    ...(await load<typeof MemoryModule>('/src/gpu/memory.ts')),
    ...(await load<typeof RecordingModule>('/src/gpu/recording.ts')),
    ...(await load<typeof ParametersModule>('/src/layers/parameters.ts')),
    ...(await load<typeof StackModule>('/src/layers/stack.ts')),
    ...(await load<typeof StackParametersModule>('/src/layers/stack_parameters.ts')),
    ...(await load<typeof RegistryModule>('/src/cells/registry.ts')),
    ...(await load<typeof HistoryModule>('/src/scheduler/history.ts')),
    ...(await load<typeof WindowModule>('/src/scheduler/window.ts')),
  };
}

const plain = { projSize: 0, direction: 'forward', merge: 'concat', dropout: 0, forgetBias: 0, recurrentInit: 'uniform' } as const;

const T = 3;
const N = 2;
const I = 3;
const H = 4;
// Offsets in the flat parameters, each at a multiple of 64 elements: W_ih [16,3], W_hh [16,4], b_ih [16], b_hh [16].
const at = { weight_ih: '+0[16,3]', weight_hh: '+64[16,4]', bias_ih: '+128[16]', bias_hh: '+192[16]' };

test('a dense window of T=3: one input product, three steps in time; three back, then each gradient once', async () => {
  const { allocateProxy, Recording, Parameters, stackParameters, StackWindow, cells } = await engine();
  const layers = [{ cell: cells.lstm, inputSize: I, hiddenSize: H, bias: true, ...plain }];
  const parameters = new Parameters(stackParameters(layers), 'p');
  const stack = new StackWindow(layers, parameters, { kind: 'dense', values: allocateProxy('x', [T, N, I], 'input') }, { timeSteps: T, batchSize: N, training: true, lengths: allocateProxy('lengths', [N], 'input'), ragged: false });

  const forward = new Recording();
  stack.forward(forward);
  expect(forward.commands.map(line)).toEqual([
    `matmul.nt 6x16x3 x * p.parameters${at.weight_ih} -> l0.gates + bias`,
    'lstm.forward step 0 of 3',
    'lstm.forward step 1 of 3',
    'lstm.forward step 2 of 3',
  ]);

  const backward = new Recording();
  stack.backward(backward, { dInput: allocateProxy('dx', [T, N, I], 'result') });
  stack.initialStateGradients(backward);
  expect(backward.commands.map(line)).toEqual([
    'lstm.backward step 2 of 3',
    'lstm.backward step 1 of 3',
    'lstm.backward step 0 of 3',
    // Σ_t dgates[t]ᵀ·h[t-1]: slots 0..2 of the history, never slot 3.
    `matmul.tn 16x4x6 l0.gates * l0.h+0[24] +-> p.gradients${at.weight_hh}`,
    `column_sum.column_sum_to_both 6x16 l0.gates +-> p.gradients${at.bias_ih}, p.gradients${at.bias_hh}`,
    `matmul.tn 16x3x6 l0.gates * x +-> p.gradients${at.weight_ih}`,
    `matmul.nn 6x3x16 l0.gates * p.parameters${at.weight_ih} -> dx`,
    'state.first_gradients l0.gates -> l0.first gradients 0',
    `matmul.nn 2x4x16 l0.first gradients 0 * p.parameters${at.weight_hh} +-> l0.d_h`,
  ]);

  const first = forward.commands.find((c) => c.kind === 'dispatch' && c.label === 'lstm.forward');
  const steps = forward.commands.filter((c) => c.kind === 'dispatch' && c.label === 'lstm.forward');
  for (const step of steps) expect(step, 'every step binds the same weights: they are shared').toMatchObject({ bindings: (first as RecordingModule.Dispatch).bindings });
});

test('two layers read each other through the history: the input of the upper is slots 1..T of the lower', async () => {
  const { allocateProxy, Recording, Parameters, stackParameters, StackWindow, cells } = await engine();
  const layers = [0, 1].map(() => ({ cell: cells.lstm, inputSize: H, hiddenSize: H, bias: false, ...plain }));
  const parameters = new Parameters(stackParameters(layers), 'p');
  const stack = new StackWindow(layers, parameters, { kind: 'dense', values: allocateProxy('x', [T, N, H], 'input') }, { timeSteps: T, batchSize: N, training: true, lengths: allocateProxy('lengths', [N], 'input'), ragged: false });
  const forward = new Recording();
  stack.forward(forward);
  expect(forward.commands.map(line).filter((l) => l.startsWith('matmul'))).toEqual([
    'matmul.nt 6x16x4 x * p.parameters+0[16,4] -> l0.gates',
    'matmul.nt 6x16x4 l0.h+8[6,4] * p.parameters+128[16,4] -> l1.gates',
  ]);
  const backward = new Recording();
  stack.backward(backward, {});
  expect(backward.commands.map(line).filter((l) => l.includes('.nn'))).toEqual(['matmul.nn 6x4x16 l1.gates * p.parameters+128[16,4] -> l0.d_output']);
});

test('one-hot tokens are gathered, never multiplied; a carried window starts from the kept state', async () => {
  const { allocateProxy, Recording, Parameters, stackParameters, StackWindow, cells, allocateCarriedState, startFrom, keepState } = await engine();
  const V = 5;
  const layers = [{ cell: cells.lstm, inputSize: V, hiddenSize: H, bias: true, ...plain }];
  const parameters = new Parameters(stackParameters(layers), 'p');
  const tokens = allocateProxy('tokens', [T, N], 'input');
  const stack = new StackWindow(layers, parameters, { kind: 'one-hot', tokens, vocabulary: V }, { timeSteps: T, batchSize: N, training: true, lengths: allocateProxy('lengths', [N], 'input'), ragged: false });
  const carried = allocateCarriedState(stack.histories);
  const recording = new Recording();
  startFrom(recording, stack.histories, carried);
  stack.forward(recording);
  keepState(recording, stack.histories, carried);
  expect(recording.commands.map(line)).toEqual([
    'state.load_initial l0.h <- carried l0.h',
    'state.load_initial l0.c <- carried l0.c',
    'embedding.gather 6 from 0 p.parameters+0[16,5] -> l0.gates',
    'lstm.forward step 0 of 3',
    'lstm.forward step 1 of 3',
    'lstm.forward step 2 of 3',
    'state.take_final l0.h -> carried l0.h',
    'state.take_final l0.c -> carried l0.c',
  ]);
  const backward = new Recording();
  stack.backward(backward, { index: { starts: allocateProxy('starts', [V + 1], 'input'), positions: allocateProxy('positions', [T * N], 'input') } });
  expect(backward.commands.map(line).at(-1)).toBe('embedding.gradient l0.gates +-> p.gradients+0[16,5]');
});

test('tokens beside the lengths: W_ih is turned round once, and every step reads its rows there; of few tokens the rows are gathered', async () => {
  const { allocateTokens, Recording, Parameters, stackParameters, StackWindow, cells, cellNamed } = await engine();
  const { lengths, tokens } = allocateTokens('tokens', T, N);
  const of = (cell: RegistryModule.CellName | 'normalized', V: number, kind: 'one-hot' | 'table') => {
    const layers = [{ ...plain, cell: cell === 'normalized' ? cellNamed('lstm', { layerNorm: true }) : cells[cell], inputSize: kind === 'table' ? I : V, hiddenSize: H, bias: true }];
    const parameters = new Parameters([{ name: 'embedding.weight', shape: [V, I], initialise: { distribution: 'normal', scale: 1 } }, ...stackParameters(layers)], 'p');
    const input = kind === 'table' ? { kind, tokens, vocabulary: V, embedding: parameters.stored('embedding.weight') } : { kind, tokens, vocabulary: V };
    const stack = new StackWindow(layers, parameters, input, { timeSteps: T, batchSize: N, training: true, lengths, ragged: false });
    const recording = new Recording();
    stack.forward(recording);
    return recording.commands.filter((command) => command.kind === 'dispatch');
  };
  const labels = (commands: readonly RecordingModule.Dispatch[]): string[] => commands.map(({ label }) => label);
  const steps = ['lstm.forward', 'lstm.forward', 'lstm.forward'];

  const oneHot = of('lstm', 5, 'one-hot');
  expect(labels(oneHot)).toEqual(['embedding.gather', ...steps]);
  // [3·2 + 5, 4·4]: five rows behind those of the steps.
  expect(oneHot[0]).toMatchObject({ constants: { EVERY: 1 }, params: { tokens_count: 5, rows_stride: 16, has_bias: 1 } });
  expect(place(oneHot[0]!.bindings.rows!)).toBe('l0.gates+96[5,16]');
  expect(oneHot[1]).toMatchObject({ constants: { TOKENS: 1 }, params: { tokens: 64, vocabulary: 5 } });
  expect([oneHot[1]!.bindings.gates!, oneHot[1]!.bindings.lengths!].map(place)).toEqual(['l0.gates', 'tokens']);

  const table = of('lstm', 50, 'table');
  expect(labels(table)).toEqual(['matmul.nt', ...steps]);
  expect(place(table[0]!.bindings.c!)).toBe('l0.gates+96[50,16]');

  expect(labels(of('lstm', 6, 'one-hot')), 'as many rows as tokens').toEqual(['embedding.gather', ...steps]);
  expect(of('lstm', 6, 'one-hot')[1]!.constants).not.toHaveProperty('TOKENS');
  expect(labels(of('lstm', 2 ** 21 - 6, 'table'))).toEqual(['matmul.nt', ...steps]);
  expect(labels(of('lstm', 2 ** 21 - 5, 'table')), 'in one buffer they would be more than every device binds').toEqual(['matmul.nt', 'embedding.gather', ...steps]);
  expect(labels(of('normalized', 5, 'one-hot'))[0], 'a normalization needs all rows first').toBe('embedding.gather');
  expect(labels(of('normalized', 5, 'one-hot'))).toContain('layer_norm.forward');
});

test('a projected, layer-normalized window of T=2: what needs no state stays outside the time loop', async () => {
  const { allocateProxy, Recording, Parameters, stackParameters, StackWindow, cellNamed } = await engine();
  const layers = [{ ...plain, cell: cellNamed('lstm', { layerNorm: true }), inputSize: I, hiddenSize: H, projSize: 3, bias: true }];
  const parameters = new Parameters(stackParameters(layers), 'p');
  const shape = { timeSteps: 2, batchSize: N, training: true, lengths: allocateProxy('lengths', [N], 'input'), ragged: false };
  const stack = new StackWindow(layers, parameters, { kind: 'dense', values: allocateProxy('x', [2, N, I], 'input') }, shape);
  const [forward, backward] = [new Recording(), new Recording()];
  stack.forward(forward);
  stack.backward(backward, { dInput: allocateProxy('dx', [2, N, I], 'result') });
  const sizes = ({ M, N: columns, K }: Readonly<Record<string, number>>): string => (M === undefined ? '' : ` ${M}x${columns}x${K}`);
  const labels = (commands: readonly Command[]): string[] =>
    commands.map((command) => (command.kind === 'dispatch' ? `${command.label}${sizes(command.params)}` : command.kind));
  // Two rows are a product of their own kind.
  const step = ['lstm.forward', 'lstm.normalized_forward', 'matvec.nt'];
  expect(labels(forward.commands)).toEqual(['matmul.nt 4x16x3', 'layer_norm.forward', ...step, ...step]);
  const back = ['projection.backward', 'matmul.nn 2x4x3', 'lstm.normalized_backward'];
  expect(labels(backward.commands)).toEqual([
    // Sums of the gains' gradients and, at the last step, the product of a step that does not follow.
    'clear', 'clear', 'clear', ...back,
    'matmul.nn 2x3x16', ...back,
    // dW_hh, db_hh, dW_hr, db_ih; then the input side's own normalization, and the gains.
    'matmul.tn 16x3x4', 'column_sum.column_sum', 'matmul.tn 3x4x4', 'column_sum.column_sum',
    'layer_norm.backward', ...Array.from({ length: 4 }, () => 'column_sum.column_sum'),
    'matmul.tn 16x3x4', 'matmul.nn 4x3x16',
  ]);
});
