// Streaming: some texts side by side, one step after another through all layers, the state kept on the GPU, tokens drawn there and fed back.
import { allocateProxy, subslice, type BufferProxy, type Slice } from '../gpu/memory.ts';
import { ReadbackRing } from '../gpu/readback.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { sample, SAMPLE_SETTINGS } from '../kernels/sample.ts';
import { allocateTokens, lengthsShape, wholeLengths } from '../scheduler/history.ts';
import { allocateCarriedState, keepState, startFrom, type CarriedState } from '../scheduler/window.ts';
import { linear } from '../layers/linear.ts';
import type { GenerativeModel } from './generative_model.ts';
import { StackWindow } from '../layers/stack.ts';

/** Tokens a submit: long enough to hide the cost of a submit, short enough to show text as it comes. */
export const BLOCK = 16;
/** Blocks in flight: the GPU goes on while the host reads the one before. */
export const BLOCKS_IN_FLIGHT = 2;

/** How many steps one replay takes: whole blocks, then single tokens. */
type Length = typeof BLOCK | 1;
type Kind = 'read' | `draw ${Length}`;

export class TokenStream {
  readonly #model: GenerativeModel;
  /** N: texts side by side. */
  readonly #batch: number;
  readonly #stack: StackWindow;
  readonly #carried: CarriedState;
  /** [BLOCK+1,N] row 0 is the first input; drawn tokens follow. */
  readonly #tokens: Slice;
  /** [1,N] the tokens from which the next block is drawn. */
  readonly #last: Slice;
  readonly #settings: Slice;
  /** Steps of each text in the next replay, and what the buffer holds. */
  readonly #lengths: Slice;
  #steps: Uint32Array<ArrayBuffer>;
  readonly #owned: readonly BufferProxy[];
  readonly #recordings: Readonly<Record<Kind, Recording>>;
  readonly #replays = new Map<Kind, Replay>();
  readonly #ring: ReadbackRing;

  constructor(model: GenerativeModel, batch: number) {
    const { gpu, vocabulary } = model;
    this.#model = model;
    this.#batch = batch;
    const { tokens, lengths } = allocateTokens('stream tokens', BLOCK + 1, batch);
    this.#tokens = tokens;
    this.#lengths = lengths;
    this.#last = allocateProxy('stream last tokens', [1, batch], 'input');
    this.#settings = allocateProxy('sample settings', [SAMPLE_SETTINGS], 'input');
    this.#stack = new StackWindow(model.layers, model.weights, model.inputOf(this.#tokens), {
      timeSteps: BLOCK, batchSize: batch, training: false, lengths: this.#lengths, ragged: false,
    });
    const logits = allocateProxy('stream logits', [batch, vocabulary.size], 'activations');
    this.#carried = allocateCarriedState(this.#stack.histories);
    this.#owned = [...this.#stack.buffers(), ...[...this.#carried.flat(), this.#tokens, this.#last, this.#settings, logits].map((s) => s.buffer)];
    this.#steps = new Uint32Array(lengthsShape(batch)[0]);
    this.#recordings = { read: this.#record('read', BLOCK, logits), [`draw ${BLOCK}`]: this.#record('draw', BLOCK, logits), 'draw 1': this.#record('draw', 1, logits) };
    gpu.allocate('the generation', this.#owned, Object.values(this.#recordings));
    this.#ring = new ReadbackRing(gpu, this.#tokens, BLOCKS_IN_FLIGHT);
  }

  /** 'read': take given tokens into the state. 'draw': besides, draw the next tokens after each and feed them back. */
  #record(kind: 'read' | 'draw', length: Length, logits: Slice): Recording {
    const { gpu, vocabulary, outputSize } = this.#model;
    const rows = this.#batch;
    const recording = new Recording(gpu.tiles, { specializeAbove: 0 });
    const stack = this.#stack;
    startFrom(recording, stack.histories, this.#carried);
    if (kind === 'draw') recording.copy(this.#last, subslice(this.#tokens, 0, [rows]));
    stack.prepare(recording);
    for (let t = 0; t < length; t++) {
      stack.forwardStep(recording, t);
      if (kind === 'read') continue;
      const x = subslice(stack.output, t * rows * outputSize, [rows, outputSize]);
      linear(recording, { rows, input: outputSize, output: vocabulary.size }, this.#model.head('parameters'), x, logits);
      sample(recording, { logits, rows, vocabulary: vocabulary.size, settings: this.#settings, tokens: this.#tokens, first: (t + 1) * rows, step: t });
    }
    keepState(recording, stack.histories, this.#carried);
    if (kind === 'draw') recording.copy(subslice(this.#tokens, length * rows, [rows]), this.#last);
    return recording;
  }

  /** Compile the kernels side by side, while the page goes on; what is used without it compiles them one after another. */
  prepare(): Promise<void> {
    return this.#model.gpu.pipelines.prepare(Object.values(this.#recordings).flatMap(({ commands }) => commands));
  }

  #replay(kind: Kind): Replay {
    let replay = this.#replays.get(kind);
    if (!replay) this.#replays.set(kind, (replay = new Replay(this.#model.gpu, this.#recordings[kind], kind)));
    return replay;
  }

  /** Say how many steps each text has in the replays from now on; the others' states stay as they are. */
  #take(steps: Uint32Array<ArrayBuffer>): void {
    if (steps.every((count, n) => count === this.#steps[n])) return;
    this.#steps = steps;
    this.#model.gpu.write(this.#lengths, steps);
  }

  /** Take tokens of each text into its state, without drawing: as many as it has. */
  read(tokens: readonly Uint32Array[]): void {
    const { gpu } = this.#model;
    const most = Math.max(...tokens.map(({ length }) => length));
    for (let at = 0; at < most; at += BLOCK) {
      const block = new Uint32Array((BLOCK + 1) * this.#batch);
      const steps = wholeLengths(this.#batch, 0);
      tokens.forEach((row, n) => {
        const part = row.subarray(at, at + BLOCK);
        steps[n] = part.length;
        part.forEach((token, t) => (block[t * this.#batch + n] = token));
      });
      gpu.write(this.#tokens, block);
      this.#take(steps);
      this.#replay('read').submit();
    }
  }

  /** Give the token of each text from which its first draw goes on. */
  start(tokens: readonly number[]): void {
    this.#model.gpu.write(this.#last, Uint32Array.from(tokens));
  }

  /** Draw 1 or BLOCK tokens of each text; the result waits for them, an array a text. At most BLOCKS_IN_FLIGHT may be waited for. */
  draw(length: Length, settings: Uint32Array): () => Promise<Uint32Array[]> {
    const { gpu } = this.#model;
    gpu.write(this.#settings, settings);
    this.#take(wholeLengths(this.#batch, length));
    const replay = this.#replay(`draw ${length}`);
    const read = gpu.submit('draw', (encoder) => {
      replay.encode(encoder);
      return this.#ring.encode(encoder);
    });
    return async () => {
      const drawn = new Uint32Array(await read());
      return Array.from({ length: this.#batch }, (_, n) => Uint32Array.from({ length }, (_, t) => drawn[(t + 1) * this.#batch + n]!));
    };
  }

  destroy(): void {
    for (const replay of this.#replays.values()) replay.destroy();
    this.#ring.destroy();
    this.#model.gpu.memory.free(this.#owned);
  }
}
