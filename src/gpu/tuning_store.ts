// Where tuned choices are kept between runs: IndexedDB in a browser, a file in Node. A store that cannot be read or written is an
// empty one: tuning is only a matter of time.
import type { AdapterDescription } from './adapter.ts';

/** Choices by key, as JSON values. */
export interface TuningStore {
  load(): Promise<Record<string, unknown>>;
  /** Add to what is kept. */
  save(choices: Readonly<Record<string, unknown>>): Promise<void>;
}

/** What a time is true of: this adapter under this browser or runtime. */
export function machineKey({ vendor, architecture, device, description }: AdapterDescription): string {
  const runtime = (globalThis.navigator as Navigator | undefined)?.userAgent ?? 'unknown runtime';
  return [vendor, architecture, device, description, runtime].join(' | ');
}

/** The store of this environment, for one machine. `file` is for Node: a path, by default `.unfold-tuning.json` in the working directory. */
export function openTuningStore(machine: string, file = '.unfold-tuning.json'): TuningStore {
  if (typeof indexedDB !== 'undefined') return new DatabaseStore(machine);
  if ((globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node) return new FileStore(machine, file);
  return { load: () => Promise.resolve({}), save: () => Promise.resolve() };
}

const DATABASE = 'unfold-rnn';
const TABLE = 'tuning';

class DatabaseStore implements TuningStore {
  readonly #machine: string;

  constructor(machine: string) {
    this.#machine = machine;
  }

  load(): Promise<Record<string, unknown>> {
    return this.#transact('readonly', (table) => table.get(this.#machine)).then(recordOf, () => ({}));
  }

  async save(choices: Readonly<Record<string, unknown>>): Promise<void> {
    const all = { ...(await this.load()), ...choices };
    await this.#transact('readwrite', (table) => table.put(all, this.#machine)).catch(() => undefined);
  }

  async #transact(mode: IDBTransactionMode, act: (table: IDBObjectStore) => IDBRequest): Promise<unknown> {
    const open = indexedDB.open(DATABASE, 1);
    open.onupgradeneeded = () => open.result.createObjectStore(TABLE);
    const database = (await settled(open)) as IDBDatabase;
    try {
      return await settled(act(database.transaction(TABLE, mode).objectStore(TABLE)));
    } finally {
      database.close();
    }
  }
}

function settled(request: IDBRequest): Promise<unknown> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

class FileStore implements TuningStore {
  readonly #machine: string;
  readonly #file: string;

  constructor(machine: string, file: string) {
    this.#machine = machine;
    this.#file = file;
  }

  async load(): Promise<Record<string, unknown>> {
    return recordOf((await this.#read())[this.#machine]);
  }

  async save(choices: Readonly<Record<string, unknown>>): Promise<void> {
    const all = await this.#read();
    const { writeFile } = await nodeFiles();
    const text = JSON.stringify({ ...all, [this.#machine]: { ...recordOf(all[this.#machine]), ...choices } }, null, 2);
    await writeFile(this.#file, `${text}\n`).catch(() => undefined);
  }

  async #read(): Promise<Record<string, unknown>> {
    const { readFile } = await nodeFiles();
    try {
      return recordOf(JSON.parse(await readFile(this.#file, 'utf8')));
    } catch {
      return {};
    }
  }
}

/** What another program has left there may be anything: what is no object is an empty one. */
function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

interface NodeFiles {
  readFile(path: string, encoding: 'utf8'): Promise<string>;
  writeFile(path: string, text: string): Promise<void>;
}

/** Node's own, loaded where it is needed and under a name that bundlers do not follow: a browser's bundle has no trace of it. */
function nodeFiles(): Promise<NodeFiles> {
  const name = 'node:fs/promises';
  return import(/* @vite-ignore */ name) as Promise<NodeFiles>;
}
