// A page module in a process of Node or Deno. It reads a call a line from stdin and writes an answer a line to stdout, both as devalue
// has them: typed arrays, NaN and infinities arrive as they were sent.

import { once } from 'node:events';
import process from 'node:process';
import { createInterface } from 'node:readline';
import { parse, stringify } from 'devalue';
import { ANSWER } from './answer.mjs';
import { dawnWords } from './dawn.mjs';

/** What the process is asked: to call an export of the page module. */
export interface Call {
  readonly name: string;
  readonly argument: unknown;
}

/** What it answers. Before the first call it sends one answer without a value: it is ready. */
export interface Answer {
  readonly value?: unknown;
  readonly error?: { readonly name: string; readonly message: string; readonly stack: string };
  /** What the console was told as an error during the call, and what was rejected without anyone to catch it. */
  readonly problems: readonly string[];
}

let problems: string[] = [];

/** Node has no WebGPU of its own: the package `webgpu` gives it, in the places where a browser has it. */
async function provideWebGPU(): Promise<void> {
  const { create, globals } = await import('webgpu');
  const gpu = create(dawnWords());
  class Navigator {
    get gpu(): GPU {
      return gpu;
    }

    get userAgent(): string {
      return `Node.js/${process.versions.node}`;
    }
  }
  Object.assign(globalThis, globals, { Navigator });
  Object.defineProperty(globalThis, 'navigator', { value: new Navigator(), configurable: true });
}

/** Results are told on stdout, so whatever the page module says goes to stderr; its errors are told with the answer besides. */
function divertConsole(): void {
  const say = (...words: unknown[]): void => void process.stderr.write(`${words.map(String).join(' ')}\n`);
  console.log = console.info = console.warn = console.debug = say;
  console.error = (...words: unknown[]) => {
    problems.push(`Console: ${words.map(String).join(' ')}`);
    say(...words);
  };
  process.on('unhandledRejection', (reason) => problems.push(`Page error: ${reason instanceof Error ? reason.stack ?? reason.message : String(reason)}`));
}

async function send(answer: Answer): Promise<void> {
  if (!process.stdout.write(`\n${ANSWER}${stringify(answer)}\n`)) await once(process.stdout, 'drain');
}

function failed(error: unknown): Answer {
  const { name, message, stack } = error instanceof Error ? error : new Error(`Thrown, but no Error: ${String(error)}`);
  return { error: { name, message, stack: stack ?? '' }, problems };
}

divertConsole();
try {
  if (!('Deno' in globalThis)) await provideWebGPU();
  const page = (await import('virtual:page-module')) as Record<string, (argument: unknown) => unknown>;
  await send({ problems });
  for await (const line of createInterface({ input: process.stdin, crlfDelay: Infinity })) {
    const { name, argument } = parse(line) as Call;
    problems = [];
    try {
      const callee = page[name];
      if (typeof callee !== 'function') throw new Error(`the page module exports no function ${name}; it has ${Object.keys(page).join(', ')}`);
      const value = await callee(argument);
      await send({ value, problems });
    } catch (error) {
      await send(failed(error));
    }
  }
  process.exit(0);
} catch (error) {
  await send(failed(error));
  process.exit(1);
}
