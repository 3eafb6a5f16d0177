// Node with Dawn (npm's `webgpu`): the engine on the machine's GPU without a browser, a process for each contender.

import { fork, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { dawnWords } from '../../tools/hosts/dawn.mjs';
import { HERE, KEPT } from '../folders.ts';
import { Place, type Host } from './host.ts';

/** What a contender is may not take longer to load. */
const READY_LIMIT = 60_000;

export class NativeHost implements Host {
  readonly version = `Node ${process.versions.node}, Dawn`;
  readonly #page: string;
  /** What tuning chooses is kept in it by all processes of this run, unless UNFOLD_BENCH_TUNING names a file that outlives the run. */
  readonly #folder: string;

  /** @param page the module of bench/native_page.ts, built */
  constructor(page: string) {
    this.#page = page;
    mkdirSync(KEPT, { recursive: true });
    this.#folder = mkdtempSync(path.join(KEPT, 'native-'));
  }

  open(): Promise<Place> {
    return NativePlace.open(this.#page, process.env.UNFOLD_BENCH_TUNING ?? path.join(this.#folder, 'tuning.json'));
  }

  /** Every process compiles anew; what a driver keeps on disk is beyond reach. */
  openCold(): Promise<Place> {
    return this.open();
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

type Answer = { readonly id: number; readonly value?: unknown; readonly error?: string };

class NativePlace extends Place {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #calls = 0;

  private constructor(child: ChildProcess) {
    super();
    this.#child = child;
    child.stderr?.on('data', (text: Buffer) => this.problems.push(...text.toString().trim().split('\n')));
    child.on('message', ({ id, value, error }: Answer) => {
      const call = this.#pending.get(id);
      this.#pending.delete(id);
      if (error === undefined) call?.resolve(value);
      else call?.reject(new Error(error));
    });
    child.on('exit', (code, signal) => {
      for (const { reject } of this.#pending.values()) reject(new Error(`the process ended (${signal ?? `exit status ${code}`})`));
    });
  }

  static async open(page: string, tuningFile: string): Promise<NativePlace> {
    const child = fork(path.join(HERE, 'native_child.mjs'), [page, tuningFile, ...dawnWords()], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'], serialization: 'advanced', execArgv: [],
    });
    const place = new NativePlace(child);
    const ready = new Promise<void>((resolve, reject) => {
      place.#pending.set(0, { resolve: () => resolve(), reject });
      setTimeout(() => reject(new Error('the process did not start in time')), READY_LIMIT).unref();
    });
    try {
      await ready;
    } catch (error) {
      await place.close();
      throw new Error(`Node with Dawn did not start: ${(error as Error).message}${place.problems.map((line) => `; ${line}`).join('')}`);
    }
    return place;
  }

  protected ask(method: string, args: readonly unknown[]): Promise<unknown> {
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.send({ id, method, args });
    });
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
  }
}
