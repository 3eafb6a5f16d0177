// A window that keeps only every k-th state and computes the steps between again in the backward pass (Chen et al. 2016): memory
// for k steps and T/k states instead of T steps. Gradients are those of the whole window to the bit, because every sum over
// time is one chain from the last step to the first (shaders/ops/matmul.wgsl) and a segment's first gate gradients are handed on;
// to rounding where tuning chose sums in slices (shaders/ops/matmul_sliced.wgsl).
import { allocateProxy, elements, subslice, type BufferProxy, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { takeFinalState } from '../kernels/state.ts';
import { allStates, lengthsShape, stateShape } from '../scheduler/history.ts';
import { startFrom, type CarriedState } from '../scheduler/window.ts';
import type { Parameters } from './parameters.ts';
import { layerState, type PlanStates, type PlanWindow } from './plan_window.ts';
import { StackWindow, type StackShape } from './stack.ts';
import { outputColumns, type LayerShape } from './stack_parameters.ts';

export class CheckpointedWindow implements PlanWindow {
  readonly output: Slice;
  /** [S,N+3] `lengths` of each segment: see `segmentLengths`. */
  readonly lengths: Slice;
  readonly #dOutput: Slice | null;
  readonly #input: Slice;
  readonly #steps: number;
  readonly #every: number;
  readonly #stack: StackWindow;
  /** [k,N,I] x of the segment at hand; null where there is one only. */
  readonly #x: Slice;
  /** [k,N,I] dL/dx of it. */
  readonly #dx: Slice | null;
  /** [N+3] */
  readonly #current: Slice;
  /** The states from which each segment starts. */
  readonly #starts: readonly CarriedState[];
  /** [N,S,H] of each layer: gate gradients of the first step of the segment that follows. */
  readonly #following: readonly Slice[];

  /** `input` [T,N,I]; `shape.lengths` is not read, the segments' own are. */
  constructor(layers: readonly LayerShape[], parameters: Parameters, input: Slice, every: number, shape: StackShape) {
    if (layers.some(({ direction }) => direction !== 'forward')) {
      throw new RangeError('checkpointEvery needs layers that run forward: a reverse or bidirectional layer has to see the whole window at once');
    }
    const { timeSteps, batchSize, training } = shape;
    const [features, columns] = [layers[0]!.inputSize, outputColumns(layers.at(-1)!)];
    this.#input = input;
    this.#steps = timeSteps;
    this.#every = every;
    this.#current = allocateProxy('segment lengths', lengthsShape(batchSize), 'input');
    this.#x = allocateProxy('segment input', [every, batchSize, features], 'activations');
    this.#stack = new StackWindow(layers, parameters, { kind: 'dense', values: this.#x }, { ...shape, timeSteps: every, lengths: this.#current, continued: training });
    this.output = allocateProxy('output', [timeSteps, batchSize, columns], 'result');
    this.#dOutput = training ? allocateProxy('dOutput', [timeSteps, batchSize, columns], 'input') : null;
    this.#dx = training ? allocateProxy('segment dInput', [every, batchSize, features], 'activations') : null;
    this.lengths = allocateProxy("segments' lengths", [this.#segments, lengthsShape(batchSize)[0]], 'input');
    const { histories } = this.#stack;
    this.#starts = Array.from({ length: this.#segments }, (_, s) =>
      histories.map((layer) => allStates(layer).map((state) => allocateProxy(`${state.buffer.name} at ${s * every}`, [1, batchSize, state.shape[2]!], 'history'))));
    this.#following = training ? histories.map(({ gates }, l) => allocateProxy(`l${l}.following gradients`, gates.shape.slice(1), 'scratch')) : [];
  }

  get dOutput(): Slice {
    if (!this.#dOutput) throw new Error('this plan was made without training: true, so it keeps nothing for a backward pass');
    return this.#dOutput;
  }

  get #segments(): number {
    return Math.ceil(this.#steps / this.#every);
  }

  buffers(): BufferProxy[] {
    const slices = [this.output, this.#dOutput, this.#x, this.#dx, this.#current, this.lengths, ...this.#starts.flat(2), ...this.#following];
    return [...this.#stack.buffers(), ...slices.flatMap((slice) => (slice ? [slice.buffer] : []))];
  }

  /** What `lengths` must hold for rows of these lengths: [N+3] as a whole window's, seed and counter included. */
  segmentLengths(whole: Uint32Array): Uint32Array<ArrayBuffer> {
    const size = whole.length;
    const all = new Uint32Array(this.#segments * size);
    for (let s = 0; s < this.#segments; s++) {
      const own = all.subarray(s * size, (s + 1) * size);
      own.set(whole);
      for (let n = 0; n < size - 3; n++) own[n] = Math.min(Math.max(whole[n]! - s * this.#every, 0), this.#every);
      own[size - 1] = s * this.#every;
    }
    return all;
  }

  /** Segment `s` of an array [T,N,C] and as much of an array [k,N,C] of one segment. */
  #part(s: number, whole: Slice, own: Slice): { whole: Slice; own: Slice } {
    const from = s * this.#every;
    const count = Math.min(this.#every, this.#steps - from);
    const row = elements(whole.shape) / this.#steps;
    const shape = [count, ...whole.shape.slice(1)];
    return { whole: subslice(whole, from * row, shape), own: subslice(own, 0, shape) };
  }

  /** Record the forward pass of one segment from its start. */
  #run(recording: Recording, s: number): void {
    const x = this.#part(s, this.#input, this.#x);
    recording.copy(x.whole, x.own);
    recording.copy(subslice(this.lengths, s * elements(this.#current.shape), this.#current.shape), this.#current);
    startFrom(recording, this.#stack.histories, this.#starts[s]!);
    this.#stack.forward(recording);
  }

  forward(recording: Recording, { initial, final }: { initial: PlanStates; final: PlanStates }): void {
    const { histories } = this.#stack;
    this.#starts[0]!.forEach((states, l) => states.forEach((start, state) => recording.copy(layerState(initial, state, l, histories.length), start)));
    for (let s = 0; s < this.#segments; s++) {
      this.#run(recording, s);
      const output = this.#part(s, this.output, this.#stack.output);
      recording.copy(output.own, output.whole);
      histories.forEach((layer, l) => allStates(layer).forEach((history, state) => {
        const to = this.#starts[s + 1]?.[l]![state] ?? layerState(final, state, l, histories.length);
        takeFinalState(recording, stateShape(layer, state), history, to, layer.lengths);
      }));
    }
  }

  backward(recording: Recording, { dFinal, dInitial, dInput }: { dFinal: PlanStates; dInitial: PlanStates; dInput: Slice }): void {
    const { dStates, histories } = this.#stack;
    dStates.forEach((own, l) => own.forEach((d, s) => recording.copy(layerState(dFinal, s, l, dStates.length), d)));
    for (let s = this.#segments - 1; s >= 0; s--) {
      // The last segment's activations are there still, after the forward pass.
      if (s < this.#segments - 1) this.#run(recording, s);
      histories.forEach(({ gates, timeSteps }, l) => {
        const step = elements(gates.shape.slice(1));
        const after = subslice(gates, timeSteps * step, gates.shape.slice(1));
        if (s === this.#segments - 1) recording.clear(after);
        else recording.copy(this.#following[l]!, after);
      });
      const d = this.#part(s, this.dOutput, this.#stack.dOutput);
      recording.copy(d.whole, d.own);
      this.#stack.backward(recording, { dInput: this.#dx!, segment: { last: s === this.#segments - 1, first: s === 0 } });
      const dx = this.#part(s, dInput, this.#dx!);
      recording.copy(dx.own, dx.whole);
      if (s > 0) histories.forEach(({ gates }, l) => recording.copy(subslice(gates, 0, gates.shape.slice(1)), this.#following[l]!));
    }
    this.#stack.initialStateGradients(recording);
    dStates.forEach((own, l) => own.forEach((d, s) => recording.copy(d, layerState(dInitial, s, l, dStates.length))));
  }
}
