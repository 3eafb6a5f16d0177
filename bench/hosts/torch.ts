// Python with PyTorch: bench/cudnn.py answers the same calls, a line of JSON each.

import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { configNamed } from '../configs.ts';
import { HERE, KEPT } from '../folders.ts';
import { createWorkload } from '../workload.ts';
import { Place, type Host } from './host.ts';

const PYTHON = process.env.UNFOLD_PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3');
const SCRIPT = path.join(HERE, 'cudnn.py');
const PROBE_LIMIT = 120_000;

/** What PyTorch is there, or why there is none that can be used. */
export interface TorchProbe {
  readonly usable: boolean;
  /** For people: versions and the GPU's name, or the reason. */
  readonly about: string;
}

/** CUDA is wanted; `UNFOLD_TORCH_DEVICE=cpu` takes the CPU, to try the script and not to compare with. */
export function probeTorch(): TorchProbe {
  const { status, stdout, stderr, error } = spawnSync(PYTHON, ['-B', SCRIPT, 'probe'], { encoding: 'utf8', timeout: PROBE_LIMIT });
  if (error) return { usable: false, about: `no PyTorch beside it: ${PYTHON} does not run (${error.message})` };
  if (status !== 0) return { usable: false, about: `no PyTorch with CUDA beside it: ${(stderr.trim() || stdout.trim()).split('\n').at(-1)}` };
  return { usable: true, about: stdout.trim() };
}

export class TorchHost implements Host {
  readonly #folder: string;

  constructor() {
    mkdirSync(KEPT, { recursive: true });
    this.#folder = mkdtempSync(path.join(KEPT, 'torch-'));
  }

  async open(): Promise<Place> {
    return new TorchPlace(this.#folder);
  }

  openCold(): Promise<Place> {
    return this.open();
  }

  async close(): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

class TorchPlace extends Place {
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #waiting: { resolve: (value: unknown) => void; reject: (error: Error) => void }[] = [];

  constructor(folder: string) {
    super();
    this.#folder = folder;
    this.#child = spawn(PYTHON, ['-B', SCRIPT, 'serve'], { stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child.stderr!.on('data', (text: Buffer) => this.problems.push(...text.toString().trim().split('\n')));
    createInterface({ input: this.#child.stdout! }).on('line', (line) => {
      const { value, error } = JSON.parse(line) as { value?: unknown; error?: string };
      const call = this.#waiting.shift();
      if (error === undefined) call?.resolve(value);
      else call?.reject(new Error(error));
    });
    this.#child.on('error', (error) => this.#fail(error));
    this.#child.on('exit', (code, signal) => this.#fail(new Error(`cudnn.py ended (${signal ?? `exit status ${code}`})`)));
    this.#child.stdin!.on('error', (error) => this.#fail(error));
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }

  protected ask(method: string, args: readonly unknown[]): Promise<unknown> {
    const named = method === 'prepare' || method === 'cold';
    const given = named ? { contender: args[0], workload: this.#write(args[1] as string) } : { args };
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
      if (this.#child.exitCode !== null) return this.#fail(new Error('cudnn.py has ended'));
      this.#child.stdin!.write(`${JSON.stringify({ method, ...given })}\n`);
    });
  }

  /** The workload as a file: a JSON line, then its arrays, little-endian, in the order that the line lists them. */
  #write(name: string): string {
    const { config, parameters, inputs, targets, lengths } = createWorkload(configNamed(name));
    const arrays = { ...parameters, inputs, targets, lengths };
    const entries = Object.entries(arrays).map(([array, values]) => ({ name: array, type: values instanceof Float32Array ? 'float32' : 'int32', length: values.length }));
    const file = path.join(this.#folder, `${name}.bin`);
    writeFileSync(file, Buffer.concat([
      Buffer.from(`${JSON.stringify({ config, arrays: entries })}\n`),
      ...Object.values(arrays).map((values) => Buffer.from(values.buffer, values.byteOffset, values.byteLength)),
    ]));
    return file;
  }

  async close(): Promise<void> {
    if (this.#child.exitCode === null) this.#child.kill('SIGKILL');
  }
}
