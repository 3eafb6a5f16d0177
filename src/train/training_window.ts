// One training step of a character model as recordings: forward, a loss at every step, BPTT, clip, update.
import { allocateProxy, subslice, type BufferProxy, type Slice } from '../gpu/memory.ts';
import { Recording, type Dispatch } from '../gpu/recording.ts';
import { softmaxCrossEntropy } from '../kernels/loss.ts';
import { gradientNorm, NORM_PARTIALS } from '../kernels/optimizer.ts';
import { linear, linearBackward } from '../layers/linear.ts';
import type { CharacterModel } from '../layers/model.ts';
import { StackWindow } from '../layers/stack.ts';
import { allocateCarriedState, forgetState, keepState, startFrom, type CarriedState } from '../scheduler/window.ts';
import { checkClip, type Clip } from './clip.ts';
import type { Optimizer } from './optimizer.ts';

/** Where the results begin in their buffer, in elements: each kernel binds its part, and bindings are aligned. */
const NORM_AT = 64;
const STEP_LOSS_AT = 128;

export interface WindowInputs {
  /** [T,N] */ readonly tokens: Slice;
  /** [T,N] */ readonly targets: Slice;
  /** [V+1] */ readonly starts: Slice;
  /** [T·N] */ readonly positions: Slice;
}

export class TrainingWindow {
  readonly inputs: WindowInputs;
  /** [N] each the window's T. */
  readonly lengths: Slice;
  readonly stack: StackWindow;
  /** The optimizer's moments, each as long as the flat parameters. */
  readonly moments: readonly Slice[];
  /** Loss, norm and per-step losses in one buffer, read back in one copy. */
  readonly results: Slice;
  /** The state between two windows. */
  readonly carried: CarriedState;
  readonly reset = new Recording();
  readonly step: Recording;
  /** Its params change every step. */
  readonly update: Dispatch;
  readonly #owned: readonly BufferProxy[];

  constructor(model: CharacterModel, options: { optimizer: Optimizer; batch: number; window: number; clip: Clip }) {
    const { optimizer, batch, window, clip } = options;
    const vocabulary = model.vocabulary.size;
    const { flat, flatGradient } = model.weights;
    const rows = window * batch;
    const input = (name: string, shape: readonly number[]): Slice => allocateProxy(name, shape, 'input');
    this.inputs = {
      tokens: input('tokens', [window, batch]),
      targets: input('targets', [window, batch]),
      starts: input('token starts', [vocabulary + 1]),
      positions: input('token positions', [rows]),
    };
    this.lengths = input('lengths', [batch]);
    this.stack = new StackWindow(model.layers, model.weights, model.inputOf(this.inputs.tokens), {
      steps: window, batch, training: true, lengths: this.lengths, ragged: false,
    });
    this.moments = optimizer.moments.map((name) => allocateProxy(`${optimizer.name} ${name}`, flat.shape, 'optimizer'));
    const logits = allocateProxy('logits', [window, batch, vocabulary], 'activations');
    const rowLoss = allocateProxy('row loss', [rows], 'activations');
    const partials = allocateProxy('norm partials', [NORM_PARTIALS], 'scratch');
    this.results = allocateProxy('results', [STEP_LOSS_AT + window], 'result');
    const norm = subslice(this.results, NORM_AT, [1]);

    this.step = new Recording(model.gpu.tiles);
    const { stack, step, inputs } = this;
    const shape = { rows, input: model.layers.at(-1)!.hidden, output: vocabulary };
    this.carried = allocateCarriedState(stack.histories);
    forgetState(this.reset, this.carried);

    step.clear(flatGradient);
    // The loss of a window sees nothing past its end: no gradient comes in from later windows.
    for (const d of stack.dStates.flat()) step.clear(d);
    startFrom(step, stack.histories, this.carried);
    stack.forward(step);
    keepState(step, stack.histories, this.carried);
    linear(step, shape, model.head('parameters'), stack.output, logits);
    softmaxCrossEntropy(step, {
      logits,
      targets: inputs.targets,
      rowLoss,
      stepLoss: subslice(this.results, STEP_LOSS_AT, [window]),
      total: subslice(this.results, 0, [2]),
      steps: window,
      batch,
      vocabulary,
    });
    linearBackward(step, shape, model.head('parameters'), model.head('gradients'), { x: stack.output, dy: logits, dx: stack.dOutput });
    stack.backward(step, { index: inputs });
    gradientNorm(step, flatGradient, partials, norm);
    this.update = optimizer.record(step, { weight: flat, gradient: flatGradient, norm, ...checkClip(clip) }, this.moments);

    this.#owned = [
      ...stack.buffers(),
      ...[...Object.values(inputs), this.lengths, ...this.moments, ...this.carried.flat(), logits, rowLoss, partials, this.results].map((s) => s.buffer),
    ];
  }

  /** Every buffer of the window; the model's own are not among them. */
  get buffers(): readonly BufferProxy[] {
    return this.#owned;
  }

  /** The results as numbers. */
  parse(bytes: ArrayBuffer): { loss: number; gradientNorm: number; stepLoss: Float32Array } {
    const values = new Float32Array(bytes);
    return { loss: values[0]!, gradientNorm: values[NORM_AT]!, stepLoss: values.slice(STEP_LOSS_AT, STEP_LOSS_AT + this.stack.steps) };
  }
}
