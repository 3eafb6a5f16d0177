// Streaming: one step after another through all layers, the state kept on the GPU, tokens drawn there and fed back.
import { allocateProxy, subslice, type BufferProxy, type Slice } from '../gpu/memory.ts';
import { ReadbackRing } from '../gpu/readback.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import { sample, SAMPLE_SETTINGS } from '../kernels/sample.ts';
import { lengthsShape, wholeLengths } from '../scheduler/history.ts';
import { allocateCarriedState, keepState, startFrom, type CarriedState } from '../scheduler/window.ts';
import { linear } from './linear.ts';
import type { CharacterModel } from './model.ts';
import { StackWindow } from './stack.ts';

/** Tokens a submit: long enough to hide the cost of a submit, short enough to show text as it comes. */
export const BLOCK = 16;
/** Blocks in flight: the GPU goes on while the host reads the one before. */
export const BLOCKS_IN_FLIGHT = 2;

/** How many steps one replay takes: whole blocks, then single tokens. */
type Length = typeof BLOCK | 1;

export class TokenStream {
  readonly #model: CharacterModel;
  readonly #stack: StackWindow;
  readonly #carried: CarriedState;
  /** [BLOCK+1] token 0 is the first input; drawn tokens follow. */
  readonly #tokens: Slice;
  /** [1] the token from which the next block is drawn. */
  readonly #last: Slice;
  readonly #settings: Slice;
  /** `lengths` by which a replay keeps the state after so many steps. */
  readonly #steps: Readonly<Record<Length, Slice>>;
  readonly #owned: readonly BufferProxy[];
  readonly #replays: Readonly<Record<'read' | 'draw', Record<Length, Replay>>>;
  readonly #ring: ReadbackRing;

  constructor(model: CharacterModel) {
    const { gpu, vocabulary } = model;
    this.#model = model;
    this.#tokens = allocateProxy('stream tokens', [BLOCK + 1, 1], 'input');
    this.#last = allocateProxy('stream last token', [1, 1], 'input');
    this.#settings = allocateProxy('sample settings', [SAMPLE_SETTINGS], 'input');
    this.#steps = { [BLOCK]: allocateProxy('stream block', lengthsShape(1), 'input'), 1: allocateProxy('stream step', lengthsShape(1), 'input') };
    this.#stack = new StackWindow(model.layers, model.weights, model.inputOf(this.#tokens), {
      steps: BLOCK, batch: 1, training: false, lengths: this.#steps[BLOCK], ragged: false,
    });
    const logits = allocateProxy('stream logits', [1, vocabulary.size], 'activations');
    this.#carried = allocateCarriedState(this.#stack.histories);
    this.#owned = [...this.#stack.buffers(), ...[...this.#carried.flat(), this.#tokens, this.#last, this.#settings, logits, ...Object.values(this.#steps)].map((s) => s.buffer)];
    gpu.guard('stream', () => gpu.memory.allocate(this.#owned));
    for (const length of [BLOCK, 1] as const) gpu.write(this.#steps[length], wholeLengths(1, length));
    const replay = (kind: 'read' | 'draw', length: Length): Replay => new Replay(gpu, this.#record(kind, length, logits), `${kind} ${length}`);
    this.#replays = {
      read: { [BLOCK]: replay('read', BLOCK), 1: replay('read', 1) },
      draw: { [BLOCK]: replay('draw', BLOCK), 1: replay('draw', 1) },
    };
    this.#ring = new ReadbackRing(gpu, this.#tokens, BLOCKS_IN_FLIGHT);
  }

  /** 'read': take given tokens into the state. 'draw': besides, draw the next token after each and feed it back. */
  #record(kind: 'read' | 'draw', length: Length, logits: Slice): Recording {
    const { gpu, vocabulary, outputSize } = this.#model;
    const recording = new Recording(gpu.tiles);
    const stack = this.#stack;
    startFrom(recording, stack.histories, this.#carried);
    if (kind === 'draw') recording.copy(this.#last, subslice(this.#tokens, 0, [1]));
    stack.prepare(recording);
    for (let t = 0; t < length; t++) {
      stack.forwardStep(recording, t);
      if (kind === 'read') continue;
      const x = subslice(stack.output, t * outputSize, [1, outputSize]);
      linear(recording, { rows: 1, input: outputSize, output: vocabulary.size }, this.#model.head('parameters'), x, logits);
      sample(recording, { logits, rows: 1, vocabulary: vocabulary.size, settings: this.#settings, tokens: this.#tokens, first: t + 1, step: t });
    }
    keepState(recording, stack.histories, this.#carried, this.#steps[length]);
    if (kind === 'draw') recording.copy(subslice(this.#tokens, length, [1]), this.#last);
    return recording;
  }

  /** Take tokens into the state, without drawing. */
  read(tokens: Uint32Array): void {
    const { gpu } = this.#model;
    for (let at = 0; at < tokens.length; ) {
      const length: Length = tokens.length - at >= BLOCK ? BLOCK : 1;
      gpu.write(subslice(this.#tokens, 0, [length]), tokens.subarray(at, at + length));
      this.#replays.read[length].submit();
      at += length;
    }
  }

  /** Give the token from which the first draw goes on. */
  start(token: number): void {
    this.#model.gpu.write(this.#last, Uint32Array.of(token));
  }

  /** Draw 1 or BLOCK tokens; the result waits for them. At most BLOCKS_IN_FLIGHT may be waited for. */
  draw(length: Length, settings: Uint32Array): () => Promise<Uint32Array> {
    const { gpu } = this.#model;
    gpu.write(this.#settings, settings);
    const read = gpu.submit('draw', (encoder) => {
      this.#replays.draw[length].encode(encoder);
      return this.#ring.encode(encoder);
    });
    return async () => new Uint32Array(await read()).slice(1, length + 1);
  }

  destroy(): void {
    for (const kind of Object.values(this.#replays)) for (const replay of Object.values(kind)) replay.destroy();
    this.#ring.destroy();
    this.#model.gpu.memory.free(this.#owned);
  }
}
