// Files that were torn while they were written, or flipped where they lay: each is refused, and nothing is changed by it.
import { loadLanguageModel, type Trainer } from '../../src/language.ts';
import { SafetensorsError } from '../../src/safetensors.ts';
import type { Chance } from './chance.ts';
import { demandSame, isOwn } from './demands.ts';
import { calmDevice, RUNS, undisturbed, type SmallRun } from './runs.ts';
import { tornTuning } from './tuning_file.ts';
import { describe, LostError, takeTurn, type Tally, type Turn, type TurnResult } from './turn.ts';

/** What a file system and a disk write at once. */
const BLOCKS = [512, 4096] as const;
/** Bits that are flipped one at a time, in a case. */
const FLIPS = 150;

interface Damage {
  readonly fault: string;
  readonly where: string;
  readonly bytes: Uint8Array;
}

/** Where a write can end: between the parts of the file, and between blocks; and anywhere. */
function boundaries(file: Uint8Array, chance: Chance): number[] {
  const header = 8 + Number(new DataView(file.buffer, file.byteOffset).getBigUint64(0, true));
  const { __metadata__: _, ...tensors } = JSON.parse(new TextDecoder().decode(file.subarray(8, header))) as Record<string, { data_offsets: [number, number] }>;
  const all = new Set([0, 1, 7, 8, 9, header - 1, header, header + 1, file.length - 1, ...Object.values(tensors).flatMap(({ data_offsets }) => data_offsets.map((at) => header + at))]);
  for (const block of BLOCKS) for (let at = block; at < file.length; at += block) all.add(at);
  for (let i = 0; i < 12; i++) all.add(chance.whole(0, file.length - 1));
  return [...all].filter((at) => at >= 0 && at < file.length);
}

/** The file as it may be found after a write of it ended early, over nothing or over an older one. */
function* damages(file: Uint8Array, older: Uint8Array, chance: Chance): Generator<Damage> {
  for (const at of boundaries(file, chance)) {
    yield { fault: 'a file cut off at a write boundary', where: `cut off at byte ${at}`, bytes: file.slice(0, at) };
    const zeros = new Uint8Array(file.length);
    zeros.set(file.subarray(0, at));
    yield { fault: 'a file of zeros from a write boundary on', where: `zeros from byte ${at} on`, bytes: zeros };
    const over = older.slice();
    over.set(file.subarray(0, Math.min(at, over.length)));
    yield { fault: 'a file written over an older one up to a boundary', where: `the older file from byte ${at} on`, bytes: over };
  }
  for (let i = 0; i < FLIPS; i++) {
    const bit = chance.whole(0, 8 * file.length - 1);
    const flipped = file.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    yield { fault: 'a bit of a file flipped', where: `bit ${bit} flipped`, bytes: flipped };
  }
}

const same = (a: Uint8Array, b: Uint8Array): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

/** @throws LostError unless the damaged file is refused by its documented error */
function demandRefused(what: string, where: string, read: () => unknown): void {
  try {
    read();
  } catch (error) {
    if (error instanceof SafetensorsError && isOwn(error)) return;
    throw new LostError(`${what} of a file, ${where}, failed with ${describe(error)}; SafetensorsError was to be expected`);
  }
  throw new LostError(`${what} accepted a damaged file: ${where}`);
}

interface Prepared {
  readonly trainer: Trainer;
  readonly file: Uint8Array;
  readonly older: Uint8Array;
  readonly model: Uint8Array;
  readonly olderModel: Uint8Array;
}

const prepared = new Map<string, Promise<Prepared>>();

/** A trainer after 7 steps, with the files of then and of a step before, which are as long. */
async function prepare(run: SmallRun): Promise<Prepared> {
  const gpu = await calmDevice();
  const trainer = run.build(gpu);
  for await (const _ of trainer.run(run.text, { steps: 6 }));
  const [older, olderModel] = [await trainer.checkpoint(), await trainer.model.save()];
  for await (const _ of trainer.run(run.text, { steps: 1 }));
  return { trainer, older, olderModel, file: await trainer.checkpoint(), model: await trainer.model.save() };
}

async function files(run: SmallRun, chance: Chance, tally: Tally): Promise<void> {
  const known = prepared.get(run.name) ?? prepare(run);
  prepared.set(run.name, known);
  const { trainer, file, older, model, olderModel } = await known;
  const gpu = await calmDevice();
  trainer.restore(file);
  const before = gpu.memory.report().totalBytes;
  for (const [whole, past, readers] of [
    [file, older, { restore: (bytes: Uint8Array) => trainer.restore(bytes), loadLanguageModel: (bytes: Uint8Array) => loadLanguageModel(gpu, bytes) }],
    [model, olderModel, { 'model.load': (bytes: Uint8Array) => trainer.model.load(bytes), loadLanguageModel: (bytes: Uint8Array) => loadLanguageModel(gpu, bytes) }],
  ] as const) {
    for (const { fault, where, bytes } of damages(whole, past, chance)) {
      if (same(bytes, whole) || same(bytes, past)) continue; // whole after all
      tally.inject(fault);
      for (const [name, read] of Object.entries(readers)) demandRefused(name, where, () => read(bytes));
    }
  }
  demandSame('the GPU bytes after files were refused', gpu.memory.report().totalBytes, before);
  demandSame('the checkpoint of a trainer that refused files', await trainer.checkpoint(), file);
  const expected = await undisturbed(run, 10);
  const losses: number[] = [];
  for await (const { loss } of trainer.run(run.text, { steps: 3 })) losses.push(loss);
  demandSame('the losses of a trainer that refused files', losses, expected.losses.slice(7));
  demandSame('the checkpoint of a run that refused files', await trainer.checkpoint(), expected.checkpoint);
}

export function filesDamaged(turn: Turn): Promise<TurnResult> {
  return takeTurn('files', turn, async (chance, tally, index) => {
    if (index % 2 === 1) await tornTuning(chance, tally);
    else await files(chance.pick(RUNS), chance, tally);
  });
}
