// What tuning has kept, damaged: a device opens all the same, and takes no tile from it that is none of its op's.
import { openDevice } from '../../src/index.ts';
import { matmulCandidates, opKey, recurrentCandidates, type MatmulOp, type RecurrentOp } from '../../src/gpu/tiles.ts';
import type { Chance } from './chance.ts';
import { settled } from './demands.ts';
import { LostError, type Tally } from './turn.ts';

const FILE = 'torture-tuning.json';
const FAULT = 'the kept tuning torn or flipped';
const MATMUL: MatmulOp = { kind: 'matmul', form: 'nt', M: 24, N: 40, K: 8 };
const RECURRENT: RecurrentOp = { kind: 'forward', cell: 'gru', timeSteps: 3, batchSize: 5, hiddenSize: 6, directions: 1 };

interface NodeFiles {
  readFile(path: string, encoding: 'utf8'): Promise<string>;
  writeFile(path: string, text: string): Promise<void>;
}

/** Where this environment keeps what was measured, as text. */
interface Kept {
  read(): Promise<string>;
  write(text: string): Promise<void>;
}

const nodeKept = (files: NodeFiles): Kept => ({ read: () => files.readFile(FILE, 'utf8'), write: (text) => files.writeFile(FILE, text) });

const answer = <T>(request: IDBRequest<T>): Promise<T> => new Promise((resolve, reject) => {
  request.onsuccess = () => resolve(request.result);
  request.onerror = () => reject(request.error);
});

/** The records of every machine, as IndexedDB holds them. Text that is no JSON any more is put there as it is. */
function databaseKept(): Kept {
  const act = async <T>(use: (table: IDBObjectStore) => Promise<T>): Promise<T> => {
    const database = await answer(indexedDB.open('unfold-rnn'));
    try {
      return await use(database.transaction('tuning', 'readwrite').objectStore('tuning'));
    } finally {
      database.close();
    }
  };
  return {
    read: () => act(async (table) => JSON.stringify((await answer(table.getAll()))[0])),
    write: (text) => act(async (table) => {
      const [key] = await answer(table.getAllKeys());
      await answer(table.put(parsed(text), key));
    }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

async function kept(): Promise<Kept> {
  if (typeof indexedDB !== 'undefined') return databaseKept();
  const name = 'node:fs/promises';
  return nodeKept((await import(/* @vite-ignore */ name)) as NodeFiles);
}

const open = () => openDevice({ tune: 'cached', tuningFile: FILE });

export async function tornTuning(chance: Chance, tally: Tally): Promise<void> {
  tally.attempt(FAULT);
  const place = await kept();
  const writer = await open();
  const [matmuls, recurrents] = [matmulCandidates(writer.tiles, MATMUL), recurrentCandidates(writer.tiles, RECURRENT)];
  for (let i = 0; i < 12; i++) {
    await writer.tuning.remember(MATMUL, chance.pick(matmuls));
    await writer.tuning.remember(RECURRENT, chance.pick(recurrents));
    const whole = await place.read();
    const at = chance.whole(0, whole.length - 1);
    const damaged = chance.often(0.5) ? whole.slice(0, at) : `${whole.slice(0, at)}${String.fromCodePoint(whole.codePointAt(at)! ^ (1 << chance.whole(0, 6)))}${whole.slice(at + 1)}`;
    await place.write(damaged);
    tally.inject(FAULT);
    const { value: gpu, error } = await settled('opening a device beside a damaged tuning', open());
    if (!gpu) throw error;
    const { matmul, recurrent } = gpu.tuning.tiles;
    for (const [taken, candidates] of [[matmul.get(opKey(MATMUL)), matmuls], [recurrent.get(opKey(RECURRENT)), recurrents]] as const) {
      const known = candidates.some((candidate) => JSON.stringify(Object.entries(candidate).sort()) === JSON.stringify(Object.entries(taken ?? candidate).sort()));
      if (!known) throw new LostError(`of the tuning ${JSON.stringify(damaged)} a tile was taken that is none of its op's: ${JSON.stringify(taken)}`);
    }
    gpu.destroy();
  }
  writer.destroy();
}
