// Everything that was measured, as data; a file of it can be gone on with.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import type { Result } from './contest.ts';
import type { LiteratureFigures } from './measure/literature.ts';
import type { PeakFigures } from './measure/peak.ts';
import type { ProfileFigures } from './measure/profile.ts';
import type { MemoryFigures, PointSizes } from './measure/scaling.ts';
import type { TuningFigures } from './measure/tuning.ts';
import type { Options } from './options.ts';
import type { Summary } from './statistics.ts';

/** Where it was measured. */
export interface About {
  readonly adapter: string;
  /** Its vendor and architecture: browsers tell more of its name to profilers than to others. */
  readonly kind: string;
  readonly software: boolean;
  /** Browser or runtime, with its version. */
  readonly runtime: string;
  readonly cpu: string;
  /** Unfold's tiles: measured for each configuration, or the fixed ones. */
  readonly tune: Options['tune'];
}

/** When a section was measured, and how busy the machine was: the load average before and after. */
export interface Conditions {
  readonly date: string;
  readonly load: readonly [before: number, after: number];
}

export interface ConfigSection extends Conditions {
  readonly results: readonly Result[];
  /** Tokens that count in a step. */
  readonly rows: Readonly<Record<string, number>>;
  readonly peers: readonly string[];
}

export interface ScalingSection extends Conditions {
  readonly points: readonly (PointSizes & { readonly swept: 'T' | 'H' | 'N' | 'L'; readonly train: Summary })[];
  readonly memory: readonly MemoryFigures[];
}

/** PyTorch's figures at the literature's point, in ms. */
export interface TorchLiterature {
  readonly about: string;
  readonly steps: number;
  readonly precisions: Readonly<Record<string, { readonly forward: number; readonly both: number }>>;
}

export interface Sections {
  configs: Record<string, ConfigSection>;
  peak?: Conditions & PeakFigures;
  profiles: Record<string, Conditions & ProfileFigures>;
  tuning?: Record<string, Conditions & TuningFigures>;
  scaling?: ScalingSection;
  literature?: Conditions & { readonly ours: LiteratureFigures; readonly torch: TorchLiterature | null };
}

const FORMAT = 'unfold-rnn benchmark 1';

export class Results {
  readonly about: About;
  readonly sections: Sections = { configs: {}, profiles: {} };
  readonly #file: string | null;

  constructor(about: About, file: string | null) {
    this.about = about;
    this.#file = file;
  }

  /** With `resume`, what the file has. @throws Error where it was measured elsewhere: its figures cannot be mixed with these. */
  static open(about: About, file: string | null, resume: boolean): Results {
    const results = new Results(about, file);
    if (!resume || file === null || !existsSync(file)) return results;
    const kept = JSON.parse(readFileSync(file, 'utf8')) as { format?: string; about: About; sections: Sections };
    if (kept.format !== FORMAT) throw new Error(`${file} is no file of this benchmark's results; give --json another`);
    for (const [key, what] of [['kind', 'adapter'], ['runtime', 'runtime'], ['cpu', 'cpu'], ['tune', 'option --tune']] as const) {
      if (kept.about[key] !== about[key]) throw new Error(`${file} was measured with the ${what} ${kept.about[key]}, here it is ${about[key]}; give --json another file`);
    }
    Object.assign(results.sections, kept.sections);
    return results;
  }

  /** Written whole or not at all. */
  save(): void {
    if (this.#file === null) return;
    writeFileSync(`${this.#file}.part`, `${JSON.stringify({ format: FORMAT, about: this.about, sections: this.sections }, null, 1)}\n`);
    renameSync(`${this.#file}.part`, this.#file);
  }
}
