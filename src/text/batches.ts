// A text as N parallel streams, cut into windows of T steps: what each training step reads.

export interface BatchOptions {
  /** N: streams read side by side. */
  readonly batch: number;
  /** T: steps that truncated BPTT goes back. */
  readonly window: number;
}

export interface BatchArrays {
  /** [T,N] */
  readonly inputs: Uint32Array;
  /** [T,N] the character after each input. */
  readonly targets: Uint32Array;
}

export interface Batch extends BatchArrays {
  /** The window opens an epoch: its state starts from zero. Every other window carries on from the one before. */
  readonly resetState: boolean;
  /** From 0. */
  readonly epoch: number;
  /** From 0 to windowsPerEpoch - 1. */
  readonly windowInEpoch: number;
}

export interface Batches {
  readonly batch: number;
  readonly window: number;
  readonly windowsPerEpoch: number;
  /** Characters of one stream in an epoch. */
  readonly streamLength: number;
  /**
   * The window of training step `step` (from 0). It depends on the step alone, so a run that resumes at any step reads what it would have read.
   * @param into arrays [T,N] to fill, so that a step allocates nothing.
   */
  at(step: number, into?: BatchArrays): Batch;
}

/**
 * Cut tokens into N streams, each a stretch of the text that follows on the one before, and each stream into windows of T.
 * The last characters of the text that fill no window of all N streams (fewer than N·T) are not read.
 * @throws RangeError where the text is shorter than one window for N streams: it needs N·T + 1 characters.
 */
export function createBatches(tokens: Uint32Array, { batch, window }: BatchOptions): Batches {
  requireCount('batch', batch);
  requireCount('window', window);
  // The last input of a stream needs a target, hence one character more.
  const readable = tokens.length - 1;
  const windowsPerEpoch = Math.floor(readable / (batch * window));
  if (windowsPerEpoch < 1) throw tooShort(tokens.length, batch, window);
  const streamLength = windowsPerEpoch * window;

  function at(step: number, into?: BatchArrays): Batch {
    if (!Number.isSafeInteger(step) || step < 0) throw new RangeError(`step is ${step}; it must be a whole number from 0`);
    const windowInEpoch = step % windowsPerEpoch;
    const inputs = into?.inputs ?? new Uint32Array(window * batch);
    const targets = into?.targets ?? new Uint32Array(window * batch);
    requireLength('inputs', inputs, window, batch);
    requireLength('targets', targets, window, batch);
    for (let n = 0; n < batch; n++) {
      const first = n * streamLength + windowInEpoch * window;
      for (let t = 0; t < window; t++) {
        inputs[t * batch + n] = tokens[first + t]!;
        targets[t * batch + n] = tokens[first + t + 1]!;
      }
    }
    return { inputs, targets, resetState: windowInEpoch === 0, epoch: Math.floor(step / windowsPerEpoch), windowInEpoch };
  }

  return { batch, window, windowsPerEpoch, streamLength, at };
}

/**
 * The text's beginning to train on and its end to measure on, as views of `tokens`.
 * @param options.validation the share of the text at its end, above 0 and below 1.
 */
export function split<T extends Uint32Array>(tokens: T, options: { validation: number }): { training: T; validation: T } {
  const share = options.validation;
  if (!(share > 0 && share < 1)) throw new RangeError(`validation is ${share}; it must be a share above 0 and below 1, such as 0.1`);
  const cut = tokens.length - Math.round(tokens.length * share);
  if (cut === 0 || cut === tokens.length) {
    throw new RangeError(`a text of ${tokens.length} characters cannot be split by ${share}: one side would be empty. Give a longer text`);
  }
  return { training: tokens.subarray(0, cut) as T, validation: tokens.subarray(cut) as T };
}

function tooShort(length: number, batch: number, window: number): RangeError {
  const widest = Math.floor((length - 1) / window);
  const longest = Math.floor((length - 1) / batch);
  const smaller = [
    ...(widest >= 1 ? [`a batch of at most ${widest}`] : []),
    ...(longest >= 1 ? [`a window of at most ${longest}`] : []),
  ];
  const advice = smaller.length > 0 ? `Use ${smaller.join(' or ')}, or a longer text` : 'Use a longer text, or make both smaller';
  return new RangeError(
    `the text has ${length} characters, too few for batch ${batch} × window ${window}: ` +
      `one window needs ${batch} · ${window} + 1 = ${batch * window + 1}. ${advice}`,
  );
}

function requireCount(name: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) throw new RangeError(`${name} is ${value}; it must be a whole number of at least 1`);
}

function requireLength(name: string, array: Uint32Array, window: number, batch: number): void {
  if (array.length !== window * batch) {
    throw new RangeError(`${name} has ${array.length} elements; [T,N] = [${window},${batch}] needs ${window * batch}`);
  }
}
