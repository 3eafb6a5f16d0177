// The command line of the benchmark: words → checked options.

import { parseArgs } from 'node:util';
import { configs, type Measure } from './configs.ts';
import { DEFAULT_PEERS, NATIVE_PEERS, PEERS } from './contestants.ts';

const CONFIGS = Object.keys(configs).filter((name) => name !== 'round');
const MEASURES = ['train', 'forward', 'queued', 'readback', 'cold'] as const;
const ADAPTERS = ['swiftshader', 'default', 'native'] as const;

export const HELP = `Time Unfold beside other engines on the same work, in one run, each checked against a float64 reference first.

  npm run bench -- [options]

What is timed
  --config LIST     of ${CONFIGS.join(', ')}        (all)
                      S       V=64 one-hot, H=128, one layer, N=32, T=64
                      M       V=96 one-hot, H=256, two layers, N=32, T=64
                      D       V=64, H=64, four layers, N=16, T=64
                      B       V=64, bidirectional H=128, N=32, lengths from 1 to 64
                      long    V=64, H=32, N=8, T=256
                      stream  V=96, H=256, two layers, N=1: microseconds a token
                      odd     H=130, N=7, T=33 against H=128, N=8, T=32, by useful operation
  --only LIST       of train, forward, queued, readback, cold           (all)
  --peers LIST      of ${PEERS.slice(0, 4).join(', ')},
                    ${PEERS.slice(4).join(', ')}; all; none   (all but tfjs-cpu)
                    with --adapter native: ${NATIVE_PEERS.join(', ')}

How
  --adapter NAME    swiftshader  Chromium's software adapter            (UNFOLD_ADAPTER, or this)
                    default      Chromium on the machine's own GPU
                    native       Node over Vulkan, Metal or D3D12 (Dawn), and PyTorch with CUDA where it is
  --tune MODE       full  Unfold's tiles are measured for each configuration first  (full)
                    off   it runs on the fixed tiles, as every cold start does
  --rounds N        interleaved rounds                                  (3)
  --steps N         steps a round                                       (as many as fill a second)
  --budget SECONDS  that a contender may use in one configuration; it keeps the rounds that it has  (its share of the minutes)
  --minutes N       that the run may take; what is not begun by then is reported as not run         (30)

Other parts, each instead of the table
  --peak            the adapter's multiply-add peak, the engine's best matrix product, and the share of each that training reaches
  --profile LIST    GPU time by kernel, of a training step of S, M, D or long
  --tuning LIST     what tuning S, M, long or literature takes and chooses, with every candidate's time, and a training step
                    on the fixed tiles beside one on the tiles chosen
  --scaling         time against T, H, N and L, memory against T; writes docs/performance.md and its charts
  --literature      the point N=16, T=1024, H=768 that papers report; takes minutes on a software adapter

Results
  --json FILE       write everything that was measured, after each configuration
  --resume          take what FILE has of this adapter, and measure the rest
  --details         every contender's rounds under the table
  --docs            write docs/performance.md from what was measured, with --json from all that FILE has
  --help

In the environment
  UNFOLD_BENCH_FOLDER  what the benchmark writes for itself, and docs/, lie in this folder, not beside its own files
  UNFOLD_BENCH_TUNING  for --adapter native: a file that keeps what tuning chose from one command to the next
  UNFOLD_WEBGPU        for --adapter native: the path of index.js of the package webgpu, where Node does not find it by its name
  UNFOLD_PYTHON        the Python that has PyTorch                      (python3)

node bench/build_native.mjs FOLDER writes the native benchmark into a folder, for a machine without the repository and without a network:
there node FOLDER/main.mjs takes the same options. It needs the package webgpu alone.
`;

export type Part = 'table' | 'peak' | 'profile' | 'tuning' | 'scaling' | 'literature';

export interface Options {
  readonly parts: readonly Part[];
  readonly configs: readonly string[];
  readonly measures: readonly Measure[];
  readonly peers: readonly string[];
  readonly adapter: (typeof ADAPTERS)[number];
  readonly tune: 'full' | 'off';
  readonly rounds: number;
  /** 0: as many as fill a second. */
  readonly steps: number;
  /** Milliseconds for a contender in a configuration; null: its share of `limit`. */
  readonly budget: number | null;
  /** Milliseconds for the run. */
  readonly limit: number;
  /** Configurations to profile. */
  readonly profile: readonly string[];
  /** What to tune with every candidate's time. */
  readonly tuning: readonly string[];
  readonly json: string | null;
  readonly resume: boolean;
  readonly details: boolean;
  readonly docs: boolean;
}

/** Wrong use of the command: one line for the reader. */
export class UsageError extends Error {}

/** @throws UsageError that names the option, what was given and what is expected. */
export function parseOptions(words: string[], environment: Readonly<Record<string, string | undefined>> = {}): Options | 'help' {
  const values = parse(words);
  if (values.help) return 'help';
  const adapter = listOf('--adapter', values.adapter ?? environment.UNFOLD_ADAPTER ?? 'swiftshader', ADAPTERS)[0] as Options['adapter'];
  const native = adapter === 'native';
  if (values.resume && values.json === undefined) throw new UsageError('--resume goes on with the results of a file, but --json FILE is missing, which says where they are');
  const parts = (['peak', 'profile', 'tuning', 'scaling', 'literature'] as const).filter((part) => values[part] !== undefined && values[part] !== false);
  const known: readonly string[] = native ? NATIVE_PEERS : PEERS;
  const peers = { none: [], all: known }[values.peers ?? ''] ?? (values.peers === undefined ? (native ? known : DEFAULT_PEERS) : listOf('--peers', values.peers, known));
  return {
    parts: parts.length > 0 ? parts : ['table'],
    configs: values.config === undefined ? CONFIGS : listOf('--config', values.config, CONFIGS),
    measures: values.only === undefined ? MEASURES : listOf('--only', values.only, MEASURES) as Measure[],
    peers,
    adapter,
    tune: listOf('--tune', values.tune ?? 'full', ['full', 'off'])[0] as Options['tune'],
    rounds: count('--rounds', values.rounds ?? '3'),
    steps: values.steps === undefined ? 0 : count('--steps', values.steps),
    budget: values.budget === undefined ? null : count('--budget', values.budget) * 1000,
    limit: count('--minutes', values.minutes ?? '30') * 60_000,
    profile: values.profile === undefined ? [] : listOf('--profile', values.profile, ['S', 'M', 'D', 'long']),
    tuning: values.tuning === undefined ? [] : listOf('--tuning', values.tuning, ['S', 'M', 'long', 'literature']),
    json: values.json ?? null,
    resume: values.resume ?? false,
    details: values.details ?? false,
    docs: values.docs ?? parts.includes('scaling'),
  };
}

function parse(words: string[]) {
  const text = { type: 'string' } as const;
  const flag = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: words,
      options: {
        config: text, only: text, peers: text, adapter: text, tune: text, rounds: text, steps: text, budget: text, minutes: text, profile: text, tuning: text, json: text,
        peak: flag, scaling: flag, literature: flag, resume: flag, details: flag, docs: flag, help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    // parseArgs explains at length; its first sentence names the option.
    throw new UsageError(`${(error as Error).message.split(/\.\s/, 1)[0]}; see npm run bench -- --help`);
  }
}

function listOf(option: string, given: string, choices: readonly string[]): string[] {
  const items = [...new Set(given.split(',').map((item) => item.trim()))];
  for (const item of items) {
    if (!choices.includes(item)) throw new UsageError(`${option} has ${JSON.stringify(item)}, which must be one of ${choices.join(', ')}`);
  }
  return items;
}

function count(option: string, given: string): number {
  if (!/^[1-9][0-9]{0,5}$/.test(given)) throw new UsageError(`${option} is ${JSON.stringify(given)}; it must be a whole number from 1 to 999999`);
  return Number(given);
}
