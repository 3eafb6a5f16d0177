// One contender in one page, or in a process of its own under Node. The hosts call these functions through `globalThis.bench`;
// browser_page.ts and native_page.ts put them there, with the peers that can run.

import { configNamed, type Config } from './configs.ts';
import { firstWork } from './contestants.ts';
import type { Contender } from './contender.ts';
import { LiteraturePoint, measureLiterature, type LiteratureFigures } from './measure/literature.ts';
import { measurePeak, type PeakFigures } from './measure/peak.ts';
import { measureProfile, type ProfileFigures } from './measure/profile.ts';
import { measureMemory, ScalingPoint, type MemoryFigures, type PointSizes } from './measure/scaling.ts';
import { trainingOf, measureTuning, type TuningFigures } from './measure/tuning.ts';
import { sketch, type Sketch } from './oracle.ts';
import type { Round } from './statistics.ts';
import { createWorkload, maskOf, usefulRows, type Workload } from './workload.ts';
import { openDevice, tune, type Gpu } from '../src/index.ts';

/**
 * Node has no WebGPU of its own; the process that hosts this module gives one, and says where what tuning chose is kept. With
 * `apart` that is another place, which nothing else knows.
 */
const open = (mode: 'off' | 'cached' = 'cached', apart = ''): Promise<Gpu> => {
  const { gpu, tuningFile } = globalThis as { gpu?: GPU; tuningFile?: string };
  return openDevice({ tune: mode, ...(gpu && { gpu }), ...(tuningFile !== undefined && { tuningFile: tuningFile + apart }) });
};

/** The modules of the peers that can run here, by engine and formulation. */
export type Peers = Readonly<Record<string, () => Promise<{ createContender(backend: string): Promise<Contender> }>>>;

let peers: Peers = {};

/** Starts a contender; Unfold on a device that takes, or does not take, the tiles that tuning has chosen. */
type Start = (mode?: 'off' | 'cached') => Promise<Contender>;

/** `name` is 'unfold', 'tfjs-BACKEND ops', 'tfjs-BACKEND layers', 'jax-DEVICE' or 'ort-PROVIDER'. Resolves with what starts it. */
async function load(name: string, config: Config): Promise<Start> {
  if (name === 'unfold') {
    if (config.measures.includes('queued')) {
      const { UnfoldStream } = await import('./contenders/unfold_stream.ts');
      return async (mode) => new UnfoldStream(await open(mode));
    }
    if (config.bidirectional || config.ragged) {
      const { UnfoldOperators } = await import('./contenders/unfold_operators.ts');
      return async (mode) => new UnfoldOperators(await open(mode));
    }
    const { Unfold } = await import('./contenders/unfold.ts');
    return async (mode) => new Unfold(await open(mode));
  }
  const [, engine = '', backend = '', formulation] = /^(tfjs|jax|ort)-(\w+)(?: (layers|ops))?$/.exec(name) ?? [];
  const peer = peers[formulation === undefined ? engine : `${engine} ${formulation}`];
  if (!peer) throw new RangeError(`there is no contender '${name}' here; there are unfold${Object.keys(peers).map((one) => `, ${one}`).join('')}`);
  const { createContender } = await peer();
  return () => createContender(backend);
}

let contender: Contender | undefined;
let workload: Workload | undefined;
let points: ScalingPoint[] = [];

/** What a contender is asked to be before it is timed. `tuned`: Unfold on tiles that were measured for the configuration. */
async function start(name: string, config: string, tuned: boolean): Promise<{ contender: Contender; workload: Workload; milliseconds: number; tuning: number | null }> {
  workload = createWorkload(configNamed(config));
  const create = await load(name, workload.config);
  const tuning = tuned && name === 'unfold' ? await tuneFor(create, workload) : null;
  const begun = performance.now();
  contender = await create(tuned ? 'cached' : 'off');
  await contender.prepare(workload);
  return { contender, workload, milliseconds: performance.now() - begun, tuning };
}

/** Measures the ops that the contender records; the next one finds what was chosen. Resolves with the seconds it took. */
async function tuneFor(create: Start, workload: Workload): Promise<number> {
  const asking = await create('cached');
  const seconds = await tuneOn(asking.gpu!, () => asking.prepare(workload));
  asking.dispose();
  return seconds;
}

/** Seconds that measuring the ops of what is made took. */
async function tuneOn(gpu: Gpu, make: () => unknown): Promise<number> {
  await make();
  const begun = performance.now();
  await tune(gpu);
  return (performance.now() - begun) / 1000;
}

export interface Timed extends Round {
  /** A loss a step or pass. */
  readonly losses: number[];
}

export interface TimedStream extends Round {
  /** After the last token, or after every token up to the window's end. */
  readonly logits: number[][];
  readonly drawn: readonly number[] | null;
}

const bench = {
  /** What WebGPU runs on here, for people; empty without it. */
  async adapter(): Promise<{ name: string; kind: string; software: boolean; subgroups: boolean; f16: boolean }> {
    const gpu = await open();
    const { vendor, architecture, device, description, isFallback } = gpu.adapter;
    const name = [vendor, architecture, device, description].filter(Boolean).join(' ');
    const about = { name, kind: [vendor, architecture].filter(Boolean).join(' '), software: isFallback, subgroups: gpu.device.features.has('subgroups'), f16: gpu.device.features.has('shader-f16') };
    gpu.destroy();
    return about;
  },

  /** Resolves with the contender's number of biases, and the seconds that its tuning took. */
  async prepare(name: string, config: string, tuned: boolean): Promise<{ biases: Contender['biases']; tuning: number | null }> {
    const { contender, tuning } = await start(name, config, tuned);
    return { biases: contender.biases, tuning };
  },

  /** From opening the device, without tuning, to the first loss on the host. The engine's code is loaded before; pages of one browser share compiled shaders. */
  async cold(name: string, config: string): Promise<Timed> {
    const { contender, workload, milliseconds } = await start(name, config, false);
    const { milliseconds: first, losses } = firstWork(name) === 'train' ? await timeTraining(contender, 1) : await timeForward(contender, workload, 1);
    return { steps: 1, milliseconds: milliseconds + first, losses };
  },

  train: (steps: number): Promise<Timed> => timeTraining(contender!, steps),
  forward: (passes: number): Promise<Timed> => timeForward(contender!, workload!, passes),

  async stream(tokens: number, readback: boolean): Promise<TimedStream> {
    const begun = performance.now();
    const { logits, drawn, timed } = await contender!.stream!(tokens, readback);
    const whole = { steps: tokens, milliseconds: performance.now() - begun };
    return { ...(timed ?? whole), logits: logits.slice(0, workload!.config.timeSteps).map((row) => Array.from(row)), drawn: drawn ?? null };
  },

  /** Sketches of the gradients at the present weights, or null where the contender cannot give them. */
  async gradients(): Promise<Record<string, Sketch> | null> {
    if (!contender!.gradients) return null;
    const gradients = await contender!.gradients();
    return Object.fromEntries(Object.entries(gradients).map(([name, values]) => [name, sketch(values)]));
  },

  bytes: (): { bytes: number; what: string } | null => contender!.bytes?.() ?? null,

  peak: async (): Promise<PeakFigures> => alone(measurePeak),
  async profile(name: string, replays: number, tuned: boolean): Promise<ProfileFigures> {
    const workload = createWorkload(configNamed(name));
    if (tuned) await tuneFor(await load('unfold', workload.config), workload);
    return alone((gpu) => measureProfile(gpu, workload, replays), tuned ? 'cached' : 'off');
  },
  /** `small`: for a software adapter, where the whole window would take minutes. `tuned` as in `start`. */
  async literature(rounds: number, small: boolean, tuned: boolean): Promise<LiteratureFigures> {
    const tuning = tuned ? await alone((gpu) => tuneOn(gpu, () => new LiteraturePoint(gpu, small))) : null;
    return alone((gpu) => measureLiterature(new LiteraturePoint(gpu, small), rounds, tuning), tuned ? 'cached' : 'off');
  },

  /** `name` is a configuration's, or 'literature'. */
  tuning: (name: string, rounds: number, small: boolean): Promise<TuningFigures> =>
    measureTuning((mode) => open(mode, `.${name}`), name === 'literature' ? (gpu) => new LiteraturePoint(gpu, small) : trainingOf(name), rounds),

  memory: async (sizes: readonly PointSizes[]): Promise<MemoryFigures[]> => alone(async (gpu) => sizes.map((one) => measureMemory(gpu, one))),

  /** Makes points ready to be timed one by one, in turn. */
  async scalingPoints(sizes: readonly PointSizes[]): Promise<void> {
    const gpu = await open();
    points = sizes.map((one) => new ScalingPoint(gpu, one));
  },
  timePoint: (index: number, steps: number): Promise<Round> => points[index]!.train(steps),

  dispose(): void {
    contender?.dispose();
    contender = undefined;
  },
};

export type Bench = typeof bench;

/** Makes this page or process answer. */
export function serve(own: Peers): void {
  peers = own;
  Object.assign(globalThis, { bench });
}

async function alone<R>(measure: (gpu: Gpu) => Promise<R>, mode?: 'off' | 'cached'): Promise<R> {
  const gpu = await open(mode);
  try {
    return await measure(gpu);
  } finally {
    gpu.destroy();
  }
}

async function timeTraining(contender: Contender, steps: number): Promise<Timed> {
  const begun = performance.now();
  const losses = await contender.train!(steps);
  return { steps, milliseconds: performance.now() - begun, losses: Array.from(losses) };
}

async function timeForward(contender: Contender, workload: Workload, passes: number): Promise<Timed> {
  const results: (number | Float32Array)[] = [];
  const begun = performance.now();
  for (let pass = 0; pass < passes; pass++) results.push(await contender.forward!());
  const milliseconds = performance.now() - begun;
  return { steps: passes, milliseconds, losses: results.map((result) => typeof result === 'number' ? result : crossEntropy(result, workload)) };
}

/** Mean over the tokens that count of the softmax cross-entropy of logits [T,N,V]. */
function crossEntropy(logits: Float32Array, workload: Workload): number {
  const { config: { vocabulary: V }, targets } = workload;
  const mask = maskOf(workload);
  let total = 0;
  for (let row = 0; row < targets.length; row++) {
    if (mask[row] === 0) continue;
    const of = logits.subarray(row * V, (row + 1) * V);
    const largest = of.reduce((a, b) => Math.max(a, b), -Infinity);
    let sum = 0;
    for (const value of of) sum += Math.exp(value - largest);
    total += Math.log(sum) + (largest - of[targets[row]!]!);
  }
  return total / usefulRows(workload);
}
