// What the process in the terminal and the page in the browser tell each other.

/** The command line, checked. */
export interface Options {
  /** Path of a text; null: Moby-Dick. */
  readonly book: string | null;
  readonly layers: number;
  readonly hidden: number;
  readonly embed: number | 'one-hot';
  readonly steps: number;
  readonly batch: number;
  readonly window: number;
  readonly rate: number;
  /** Largest gradient norm; 0: no clipping. */
  readonly clip: number;
  readonly seed: number;
  readonly normalize: 'NFC' | 'NFD' | 'NFKC' | 'NFKD' | 'none';
  /** How the sample begins; null: as the text does. */
  readonly prompt: string | null;
  readonly temperature: number;
  /** Characters of the sample. */
  readonly sample: number;
  readonly out: string | null;
  readonly checkpoint: string | null;
  /** Steps. */
  readonly checkpointEvery: number;
  readonly resume: string | null;
  readonly adapter: 'default' | 'swiftshader';
  /** Names of the options that were given; the others have their defaults. */
  readonly given: readonly string[];
}

/** What is known once text, device and model are there. */
export interface Opened {
  readonly adapter: string;
  /** A software adapter. */
  readonly isFallback: boolean;
  /** H of each layer. */
  readonly hidden: readonly number[];
  readonly parameterCount: number;
  readonly characters: number;
  readonly vocabularySize: number;
  /** Nats per character. */
  readonly unigramEntropy: number;
}

/** How far a run came. */
export interface Trained {
  /** Steps of this run. */
  readonly done: number;
  /** Steps of the weights in all, those before a resume included. */
  readonly step: number;
}

export interface Progress {
  /** Of this run, from 1. */
  readonly step: number;
  /** Nats per character, mean of the steps since the last report. */
  readonly loss: number;
  readonly gradientNorm: number;
  readonly tokensPerSecond: number;
}
