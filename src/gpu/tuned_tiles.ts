// What measuring has chosen on a device, and which ops it has been asked for: between the recordings, which ask, the tuner, which
// measures, and the store, which remembers.
import { matmulCandidates, opKey, opOfKey, recurrentCandidates, type MatmulTile, type Op, type RecurrentTile, type Tiles, type TunedTiles } from './tiles.ts';
import type { TuningProgress } from './tuning_task.ts';
import type { TuningStore } from './tuning_store.ts';

/** 'off': fixed tiles by the class of adapter. 'cached': also what was measured before, on this adapter and browser. 'full': also measure what was not. */
export type TuneMode = 'off' | 'cached' | 'full';

/** Of what is kept. Raised when a tile gains a field, or when kernels change so much that old choices are worth nothing. */
const VERSION = 4;

export class Tuning {
  readonly mode: TuneMode;
  /** Ops of all recordings made ready on this device, by key. */
  readonly requestedOps = new Map<string, Op>();
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

  /**
   * Take what was kept before, of a device with these tiles. Whatever is no candidate of its op is left: anybody may have written into the
   * store, and a tile that the device cannot run would fail in a pipeline.
   */
  async load(tiles: Tiles): Promise<void> {
    const { [`v${VERSION}`]: kept } = (await this.#store?.load()) ?? {};
    for (const [key, tile] of Object.entries(Object(kept) as Record<string, unknown>)) {
      const op = opOfKey(key);
      if (op?.kind === 'matmul') take(this.#matmul, key, tile, matmulCandidates(tiles, op));
      else if (op) take(this.#recurrent, key, tile, recurrentCandidates(tiles, op));
    }
  }

  /** Whether a tile was measured for this op. */
  isTuned(op: Op): boolean {
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

/** Set the candidate that the tile is, if it is one. */
function take<Tile extends MatmulTile | RecurrentTile>(into: Map<string, Tile>, key: string, tile: unknown, candidates: readonly Tile[]): void {
  const found = candidates.find((candidate) => sameFields(Object(tile) as Record<string, unknown>, candidate));
  if (found) into.set(key, found);
}

function sameFields(a: Readonly<Record<string, unknown>>, b: object): boolean {
  const fields = Object.entries(b);
  return Object.keys(a).length === fields.length && fields.every(([name, value]) => a[name] === value);
}
