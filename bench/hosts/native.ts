// Node with Dawn (npm's `webgpu`): the engine on the machine's GPU without a browser, a process for each contender.

import { fork, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { build } from 'vite';
import { wgsl } from '../../src/wgsl/plugin.ts';
import { HERE, ROOT } from '../folders.ts';
import { Place, type Host } from './host.ts';

/** The pages' module for Node, the engine and its shaders in it; and what this run's tuning chose: each run begins with an empty folder. */
const OUT = path.join(HERE, 'node_modules/.native');
/** What a contender is may not take longer to load. */
const READY_LIMIT = 60_000;

export class NativeHost implements Host {
  readonly version = `Node ${process.versions.node}, Dawn`;

  static async start(): Promise<NativeHost> {
    await build({
      root: ROOT,
      configFile: false,
      logLevel: 'error',
      publicDir: false,
      plugins: [wgsl()],
      build: { ssr: path.join(HERE, 'page.ts'), outDir: OUT, emptyOutDir: true, target: 'node20', minify: false },
    });
    return new NativeHost();
  }

  open(): Promise<Place> {
    return NativePlace.open();
  }

  /** Every process compiles anew; what a driver keeps on disk is beyond reach. */
  openCold(): Promise<Place> {
    return NativePlace.open();
  }

  async close(): Promise<void> {}
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

  static async open(): Promise<NativePlace> {
    const child = fork(path.join(HERE, 'hosts/native_child.mjs'), [path.join(OUT, 'page.js'), path.join(OUT, 'tuning.json')], {
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
