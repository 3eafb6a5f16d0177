// What measuring has chosen on a device, and which ops it has been asked for: between the recordings, which ask, the tuner, which
// measures, and the store, which remembers.
import { opKey, type MatmulTile, type Op, type RecurrentTile, type TunedTiles } from './tiles.ts';
import type { TuningProgress } from './tuning.ts';
import type { TuningStore } from './tuning_store.ts';

/** 'off': fixed tiles by the class of adapter. 'cached': also what was measured before, on this adapter and browser. 'full': also measure what was not. */
export type TuneMode = 'off' | 'cached' | 'full';

/** Of what is kept. Raised when a tile gains a field, or when kernels change so much that old choices are worth nothing. */
const VERSION = 3;

export class Tuning {
  readonly mode: TuneMode;
  /** Ops of all recordings made ready on this device, by key. */
  readonly asked = new Map<string, Op>();
  readonly #matmul = new Map<string, MatmulTile>();
  readonly #recurrent = new Map<string, RecurrentTile>();
  readonly #store: TuningStore | null;
  readonly #onTune: ((progress: TuningProgress) => void) | null;

  constructor(mode: TuneMode, store: TuningStore | null, onTune: ((progress: TuningProgress) => void) | null) {
    this.mode = mode;
    this.#store = store;
    this.#onTune = onTune;
  }

  /** By `opKey`; they grow as more is measured. */
  get tiles(): TunedTiles {
    return { matmul: this.#matmul, recurrent: this.#recurrent };
  }

  /** Take what was kept before. */
  async load(): Promise<void> {
    if (!this.#store) return;
    const { [`v${VERSION}`]: kept } = await this.#store.load();
    for (const [key, tile] of Object.entries((kept ?? {}) as Record<string, unknown>)) {
      if (key.startsWith('matmul.')) this.#matmul.set(key, tile as MatmulTile);
      else this.#recurrent.set(key, tile as RecurrentTile);
    }
  }

  knows(op: Op): boolean {
    return (op.kind === 'matmul' ? this.#matmul : this.#recurrent).has(opKey(op));
  }

  /** Keep a choice, here and in the store. */
  async remember(op: Op, tile: MatmulTile | RecurrentTile): Promise<void> {
    if (op.kind === 'matmul') this.#matmul.set(opKey(op), tile as MatmulTile);
    else this.#recurrent.set(opKey(op), tile as RecurrentTile);
    await this.#store?.save({ [`v${VERSION}`]: Object.fromEntries([...this.#matmul, ...this.#recurrent]) });
  }

  report(progress: TuningProgress): void {
    this.#onTune?.(progress);
  }
}
