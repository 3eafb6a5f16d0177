// What the tuner is given, what it says on the way, and what it finds.
import type { BufferProxy, Slice } from './memory.ts';
import type { Recording } from './recording.ts';

/** One operation at one shape, and the ways to run it. */
export interface TuningTask<Choice> {
  /** Names operation and shape, for people and for the store. */
  readonly key: string;
  /** At most 6. The first is the default: it runs everywhere, and the others' results are held to its. */
  readonly candidates: readonly Choice[];
  /** What every candidate reads and writes; the tuner allocates it and fills `inputs` with random numbers. */
  readonly memory: readonly BufferProxy[];
  readonly inputs: readonly Slice[];
  /** Inputs that are whole numbers. */
  readonly words?: readonly { readonly slice: Slice; readonly values: Uint32Array }[];
  /** Where the results lie. */
  readonly results: readonly Slice[];
  /** The operation as this candidate runs it. Run twice it must give the same results. */
  record(choice: Choice): Recording;
}

export interface CandidateTime<Choice> {
  readonly choice: Choice;
  /** Fastest round, milliseconds a run; Infinity where it failed. */
  readonly milliseconds: number;
  /** Pipeline creation and the first run, milliseconds. */
  readonly compileMilliseconds: number;
  /** Why it cannot be chosen: it did not compile, or its results are not those of the default. */
  readonly refused: string | null;
}

export interface TuningResult<Choice> {
  readonly key: string;
  readonly best: Choice;
  /** In the order of the candidates; none where there was one candidate only. */
  readonly times: readonly CandidateTime<Choice>[];
}

export interface TuningProgress {
  /** The operation at hand. */ readonly key: string;
  /** Operations measured before it. */ readonly done: number;
  /** Operations to measure in all. */ readonly total: number;
}
