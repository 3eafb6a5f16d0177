// A checkpoint as a file: the trainer's own tensors and metadata, and the settings and alphabet that it needs to go on.
import { readSealed, writeSealed } from '../src/io/sealed.ts';
import type { ModelSettings, TextForm, TrainerSettings } from './protocol.ts';

/** The metadata entry that the page adds. */
const ENTRY = 'unfold_demo';

export interface CheckpointNote {
  readonly model: ModelSettings;
  readonly trainer: TrainerSettings;
  readonly form: TextForm;
  /** Figures of the text it was trained on; another text has other ones. */
  readonly length: number;
  readonly vocabularySize: number;
}

export function withNote(checkpoint: Uint8Array, note: CheckpointNote): Uint8Array<ArrayBuffer> {
  const { tensors, metadata } = readSealed(checkpoint);
  const named = [...tensors].map(([name, { shape, data }]) => ({ name, shape, data }));
  return writeSealed(named, { ...metadata, [ENTRY]: JSON.stringify(note) });
}

/** The note of a file that this page saved, and that is whole; or null. */
export function noteOf(file: Uint8Array): CheckpointNote | null {
  try {
    const entry = readSealed(file).metadata[ENTRY];
    const note = entry === undefined ? null : (JSON.parse(entry) as CheckpointNote);
    return note?.form === 'NFC' || note?.form === 'NFD' ? note : null;
  } catch {
    return null;
  }
}
