// What the page and the worker that owns the device say to each other. Plain data only: it crosses by structured clone.

/** Unicode form of the text: NFC writes Hangul by syllable, NFD by jamo. */
export type TextForm = 'NFC' | 'NFD';

export interface ModelSettings {
  readonly layers: number;
  readonly hidden: number;
  readonly embed: number | 'one-hot';
  readonly seed: number;
}

export interface TrainerSettings {
  readonly rate: number;
  /** Rows of text read side by side, N. */
  readonly batch: number;
  /** Characters between two cuts of the gradient, T. */
  readonly window: number;
  readonly clip: number;
}

export interface SamplingSettings {
  readonly temperature: number;
  /** 0 keeps every character. */
  readonly topK: number;
  /** Characters to write. */
  readonly length: number;
  /** Steps between two samples taken while training. */
  readonly every: number;
}

export interface Settings {
  readonly model: ModelSettings;
  readonly trainer: TrainerSettings;
  readonly sampling: SamplingSettings;
}

/** Figures of a text. Entropies in nats per character. */
export interface CorpusFigures {
  readonly length: number;
  readonly vocabularySize: number;
  /** ln V: the loss of a model that knows nothing but the alphabet. */
  readonly uniform: number;
  /** Entropy of the character frequencies: the loss of a model that knows no context. */
  readonly unigram: number;
}

export interface AdapterFacts {
  readonly name: string;
  readonly isFallback: boolean;
}

export interface ProgressPoint {
  readonly step: number;
  /** Nats per character. */
  readonly loss: number;
  readonly gradientNorm: number;
  readonly tokensPerSecond: number;
  /** Passes over the text so far, in fractions. */
  readonly epochs: number;
}

/** Where on the page an error belongs. */
export type Place = 'corpus' | 'model' | 'trainer' | 'training' | 'prompt' | 'file';

/** Errors that the page words itself, in its language; every other one arrives in the engine's words. */
export type ErrorCode = 'not-ready' | 'out-of-memory' | 'lost-writing' | 'lost-at-once';

export type Command =
  | { readonly type: 'open' }
  | { readonly type: 'corpus'; readonly text: string; readonly form: TextForm }
  | { readonly type: 'train'; readonly settings: Settings }
  | { readonly type: 'pause' }
  | { readonly type: 'reset' }
  | { readonly type: 'rate'; readonly rate: number }
  | { readonly type: 'sampling'; readonly sampling: SamplingSettings }
  | { readonly type: 'generate'; readonly id: number; readonly prompt: string; readonly seed: number }
  | { readonly type: 'stop' }
  | { readonly type: 'save' }
  /** A trainer's checkpoint: builds model and trainer of these settings, fills them, and stays paused (or trains at once). */
  | { readonly type: 'restore'; readonly settings: Settings; readonly bytes: Uint8Array<ArrayBuffer>; readonly train: boolean };

/** Where the run stands after an event `state`: a step before the last one shown means that those behind it are lost. */
export type State = 'empty' | 'training' | 'paused';

export type Event =
  /** A device was opened: the first, or another after a loss. */
  | { readonly type: 'adapter'; readonly adapter: AdapterFacts }
  | { readonly type: 'ready' }
  | { readonly type: 'unavailable'; readonly message: string }
  | { readonly type: 'corpus'; readonly figures: CorpusFigures }
  | { readonly type: 'model'; readonly parameterCount: number; readonly bytes: number }
  | { readonly type: 'state'; readonly state: State; readonly step: number }
  | { readonly type: 'progress'; readonly points: readonly ProgressPoint[] }
  | { readonly type: 'sample'; readonly id: number; readonly step: number; readonly byHand: boolean; readonly prompt: string }
  | { readonly type: 'piece'; readonly id: number; readonly text: string; readonly done: boolean }
  | { readonly type: 'checkpoint'; readonly step: number; readonly bytes: Uint8Array<ArrayBuffer>; readonly download: boolean }
  /** `bytes`: of the memory that the GPU refused, where the code says so. */
  | { readonly type: 'error'; readonly place: Place; readonly message: string; readonly code?: ErrorCode; readonly bytes?: number }
  /** The device was lost after `step` in training. Another is opened, and the steps behind `from` are computed again. */
  | { readonly type: 'reopening'; readonly step: number; readonly from: number }
  /** The run ended at `step`, whose loss or gradient is not finite. */
  | { readonly type: 'diverged'; readonly step: number }
  /** The device was lost, and no other can be had. */
  | { readonly type: 'lost'; readonly message: string };
