// A window of text through a model, as recordings: from the carried state through all layers to a loss at every new step, and back.
// The trainer and the evaluator share it.
import type { Gpu } from '../gpu/device.ts';
import { allocateProxy, type BufferProxy, type Slice } from '../gpu/memory.ts';
import { Recording, type Dispatch } from '../gpu/recording.ts';
import type { Replay } from '../gpu/submit.ts';
import type { TokenIndex } from '../kernels/embedding.ts';
import { softmaxCrossEntropy } from '../kernels/loss.ts';
import { scaleBy, type LossScaling } from '../kernels/loss_scale.ts';
import { putNewStepsBack, takeNewSteps, type NewSteps } from '../kernels/new_steps.ts';
import { linear, linearBackward, type LinearShape } from '../layers/linear.ts';
import type { LanguageModel } from './language_model.ts';
import { StackWindow } from '../layers/stack.ts';
import { allocateTokens, wholeLengths } from '../scheduler/history.ts';
import { allocateCarriedState, forgetState, keepState, startFrom, type CarriedState } from '../scheduler/window.ts';
import { checkArrays, checkWindow } from '../layers/sizes.ts';
import { allocateBatch, type Batch, type BatchArrays, type BatchOptions } from '../text/batches.ts';

export interface WindowOptions extends BatchOptions {
  /** The state goes over a window's border. Default true; false: every window starts from a zero state. */
  readonly stateful?: boolean | undefined;
}

export interface TextWindowOptions extends Required<WindowOptions> {
  readonly backTimeSteps: number;
  readonly training: boolean;
  readonly trace: boolean;
}

/** @throws RangeError for a window that is known to be too large, before any of it is made */
export function checkTextWindow({ gpu, layers, weights, vocabulary }: LanguageModel, { batchSize, timeSteps, backTimeSteps }: { batchSize: number; timeSteps: number; backTimeSteps: number }): void {
  checkWindow(gpu, layers, { timeSteps: backTimeSteps, batchSize, elementBytes: weights.half ? 2 : 4 });
  checkArrays(gpu, [{ name: 'the logits', shape: [timeSteps, batchSize, vocabulary.size] }]);
}

export interface WindowInputs {
  /** [B,N] */ readonly tokens: Slice;
  /** [T,N] */ readonly targets: Slice;
  /** [N+3] steps of each row, then the seed and the counter of the masks, and 0. */ readonly lengths: Slice;
  /** [N] steps of each row before its new ones. */ readonly offsets: Slice;
  /** [N] steps after which each row's state is kept. */ readonly kept: Slice;
  /** [N] 1 where a row starts from a zero state. */ readonly begins: Slice;
}

export class TextWindow {
  readonly inputs: WindowInputs;
  readonly stack: StackWindow;
  /** The state between two windows. */
  readonly carried: CarriedState;
  /** The rows that begin forget their state. */
  readonly reset = new Recording();
  /** What the host fills, window by window. */
  readonly arrays: BatchArrays;
  /** T */
  readonly #steps: number;
  readonly #stateful: boolean;
  readonly #model: LanguageModel;
  readonly #shape: LinearShape;
  /** [N+3] whose first N are `arrays.lengths`. */
  readonly #lengths: Uint32Array<ArrayBuffer>;
  /** The top layer's new steps [T,N,H], apart from its output where that has more; likewise their gradient. */
  readonly #taken: { readonly output: Slice; readonly dOutput: Slice } | null;
  /** [T,N,V] */
  readonly #logits: Slice;
  /** [T,N] */
  readonly #rowLoss: Slice;
  #scaled: readonly Dispatch[] = [];
  #counted: number;

  constructor(model: LanguageModel, { batchSize, timeSteps, backTimeSteps, stateful, training, trace }: TextWindowOptions) {
    const vocabulary = model.vocabulary.size;
    const input = (name: string, shape: readonly number[]): Slice => allocateProxy(name, shape, 'input');
    this.inputs = {
      ...allocateTokens('tokens and lengths', backTimeSteps, batchSize),
      targets: input('targets', [timeSteps, batchSize]),
      offsets: input('offsets', [batchSize]),
      kept: input('kept', [batchSize]),
      begins: input('begins', [batchSize]),
    };
    this.stack = new StackWindow(model.layers, model.weights, model.inputOf(this.inputs.tokens), {
      timeSteps: backTimeSteps, batchSize, training, trace, lengths: this.inputs.lengths, ragged: true, hasHead: true,
    });
    this.carried = allocateCarriedState(this.stack.histories);
    const columns = model.outputSize;
    const taken = (name: string): Slice => allocateProxy(name, [timeSteps, batchSize, columns], 'activations', model.weights.half ? 2 : 4);
    this.#taken = backTimeSteps > timeSteps ? { output: taken('new steps'), dOutput: taken('new steps gradient') } : null;
    this.#logits = allocateProxy('logits', [timeSteps, batchSize, vocabulary], 'activations');
    this.#rowLoss = allocateProxy('row loss', [timeSteps, batchSize], 'activations');
    this.#steps = timeSteps;
    this.#stateful = stateful;
    this.#model = model;
    this.#shape = { rows: timeSteps * batchSize, input: columns, output: vocabulary };
    this.#counted = this.#shape.rows;
    this.#lengths = wholeLengths(batchSize, 0);
    this.arrays = { ...allocateBatch({ batchSize, timeSteps, backTimeSteps }), lengths: this.#lengths.subarray(0, batchSize) };
    forgetState(this.reset, this.carried, this.inputs.begins);
  }

  /** Every buffer of the window; the model's own are not among them. */
  get buffers(): BufferProxy[] {
    const taken = this.#taken ? Object.values(this.#taken) : [];
    return [...this.stack.buffers(), ...[...Object.values(this.inputs), ...this.carried.flat(), ...taken, this.#logits, this.#rowLoss].map((s) => s.buffer)];
  }

  #newSteps(whole: Slice, taken: Slice): NewSteps {
    return { whole, taken, offsets: this.inputs.offsets };
  }

  /** Record the forward pass and the loss: stepLoss [T] and the window's mean and count, total [2]. The state is kept. */
  forward(recording: Recording, { stepLoss, total }: { stepLoss: Slice; total: Slice }): void {
    const { stack, carried, inputs } = this;
    startFrom(recording, stack.histories, carried);
    stack.forward(recording);
    keepState(recording, stack.histories, carried, inputs.kept);
    const taken = this.#taken?.output;
    if (taken) takeNewSteps(recording, this.#newSteps(stack.output, taken));
    linear(recording, this.#shape, this.#model.head('parameters'), taken ?? stack.output, this.#logits);
    this.#scaled = softmaxCrossEntropy(recording, {
      logits: this.#logits, targets: inputs.targets, rowLoss: this.#rowLoss, stepLoss, total, timeSteps: this.#steps, batchSize: stack.batchSize, vocabulary: this.#shape.output,
    });
  }

  /** Record the backward pass of the loss, times the scale where it has one. Parameters' gradients accumulate. */
  backward(recording: Recording, index: TokenIndex, scaling: LossScaling | null): void {
    const { stack } = this;
    const taken = this.#taken;
    if (scaling) scaleBy(recording, scaling, 'multiply', this.#logits);
    // The loss of a window sees nothing past its end: no gradient comes in from later windows.
    for (const d of stack.dStates.flat()) recording.clear(d);
    linearBackward(recording, this.#shape, this.#model.head('parameters'), this.#model.head('gradients'), {
      x: taken?.output ?? stack.output, dy: this.#logits, dx: taken?.dOutput ?? stack.dOutput,
    });
    if (taken) putNewStepsBack(recording, this.#newSteps(stack.dOutput, taken.dOutput));
    stack.backward(recording, { index });
  }

  /**
   * Write what a replay of the forward pass reads: `arrays`, which hold `batch`, and what draws the masks.
   * Whether `reset` must run before it is the result.
   */
  write(gpu: Gpu, replay: Replay, { counted }: Batch, random = { seed: 0, counter: 0 }): boolean {
    const { inputs, arrays } = this;
    if (!this.#stateful) arrays.begins.fill(1);
    this.#lengths.set([random.seed, random.counter], this.stack.batchSize);
    gpu.write(inputs.tokens, arrays.inputs);
    gpu.write(inputs.targets, arrays.targets);
    gpu.write(inputs.lengths, this.#lengths);
    gpu.write(inputs.offsets, arrays.offsets);
    gpu.write(inputs.kept, arrays.kept);
    gpu.write(inputs.begins, arrays.begins);
    if (counted !== this.#counted) {
      this.#counted = counted;
      for (const dispatch of this.#scaled) replay.setParams(dispatch, { scale: 1 / counted });
    }
    return arrays.begins.includes(1);
  }
}
