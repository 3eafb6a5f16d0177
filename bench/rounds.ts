// The run: configuration by configuration, contenders in turn, and the parts that look at the engine alone.

import { spawnSync } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { budgetFor } from './budget.ts';
import { configNamed, type Measure } from './configs.ts';
import { contendersOf } from './contestants.ts';
import { Contest } from './contest.ts';
import { HERE } from './folders.ts';
import type { Host, Place } from './hosts/host.ts';
import type { TorchHost } from './hosts/torch.ts';
import type { PointSizes } from './measure/scaling.ts';
import type { Options } from './options.ts';
import type { Conditions, Results, ScalingSection, TorchLiterature } from './results.ts';
import { stepsFor, summarize, type Round } from './statistics.ts';
import { createOracle, type Find } from './truth.ts';
import { createWorkload, usefulRows } from './workload.ts';

export interface Run {
  readonly options: Options;
  readonly results: Results;
  readonly host: Host;
  /** Null without PyTorch. */
  readonly torchHost: TorchHost | null;
  readonly find: Find;
  readonly software: boolean;
  /** `performance.now()` after which nothing more is begun. */
  readonly deadline: number;
  readonly progress: (text: string) => void;
}

const CALL_LIMIT = 600_000;
/** Milliseconds before a contender is timed: threads of the one before it may go on for a while. */
const PAUSE = 1000;
/** Enough for a clock of 65 µs to tell kernels of 10 µs apart. */
const REPLAYS = 16;

/** Keeps the load and the date around what it runs. */
async function under<R>(run: () => Promise<R>): Promise<R & Conditions> {
  const before = os.loadavg()[0]!;
  const measured = await run();
  return { ...measured, date: new Date().toISOString().slice(0, 16).replace('T', ' '), load: [before, os.loadavg()[0]!] };
}

async function withPlace<R>(host: Host, run: (place: Place) => Promise<R>): Promise<R> {
  const place = await host.open();
  try {
    return await run(place);
  } finally {
    await place.close();
  }
}

/** Every configuration that was asked for and is not there yet, then the peak that training is compared with. */
export async function measureConfigs(run: Run): Promise<void> {
  const { options, results, deadline } = run;
  for (const name of options.configs) {
    if (results.sections.configs[name] || performance.now() > deadline) continue;
    results.sections.configs[name] = await measureConfig(run, name);
    results.save();
  }
  if (options.measures.includes('train') && options.configs.some((name) => name === 'S' || name === 'M') && performance.now() < deadline) await measurePeak(run);
}

async function measureConfig(run: Run, name: string) {
  const { options, results, host, torchHost, find, deadline, progress } = run;
  const names = name === 'odd' ? ['odd', 'round'] : [name];
  const entries = names.flatMap((own) => ['unfold', ...options.peers.flatMap((peer) => contendersOf(peer, configNamed(own)))].flatMap((contender) => {
    const where = contender.startsWith('torch-') ? torchHost : host;
    return where ? [{ contender, own, where }] : [];
  }));
  const after = options.configs.slice(options.configs.indexOf(name) + 1).filter((other) => !results.sections.configs[other]);
  const budget = options.budget ?? budgetFor(name, after, entries.length, deadline - performance.now());
  const settings = { measures: options.measures, rounds: options.rounds, steps: options.steps, tuned: options.tune === 'full', budget };
  const contests = entries.map(({ contender, own, where }) => new Contest(contender, configNamed(own), where, settings));
  const oracles = new Map(names.map((own) => [own, createOracle(own, find)]));
  return under(async () => {
    for (const contest of contests) {
      progress(`${name}: checking ${contest.name}`);
      await contest.check(oracles.get(contest.config.name)!);
    }
    const measures = [...new Set(contests.flatMap(({ measures }) => measures))];
    for (let round = 0; round < options.rounds; round++) {
      // What was checked keeps at least the time of its check.
      if (round > 0 && performance.now() > deadline) break;
      for (const measure of measures) await timeRound(run, contests, measure, round);
    }
    for (const contest of contests) {
      progress(`${name}: verifying ${contest.name}`);
      await contest.verify();
      await contest.close();
    }
    const rows = Object.fromEntries(names.map((own) => [own, usefulRows(createWorkload(configNamed(own)))]));
    return { results: contests.map((contest) => contest.result()), rows, peers: options.peers };
  });
}

async function timeRound({ options, progress }: Run, contests: readonly Contest[], measure: Measure, round: number): Promise<void> {
  for (const contest of contests) {
    if (contest.failed || !contest.measures.includes(measure)) continue;
    progress(`${contest.config.name}: round ${round + 1} of ${options.rounds}, ${measure}, ${contest.name}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
    await contest.time(measure);
  }
}

/** The adapter's peak and the engine's best product; S and M are trained beside it where the table has not done so. */
export async function measurePeak(run: Run): Promise<void> {
  const { results, host, progress, options } = run;
  progress('the multiply-add peak and the matrix products');
  results.sections.peak = await under(() => withPlace(host, (place) => place.call('peak', [], CALL_LIMIT)));
  results.save();
  for (const name of options.parts.includes('peak') ? ['S', 'M'] : []) {
    if (results.sections.configs[name]) continue;
    results.sections.configs[name] = await measureConfig({ ...run, options: { ...options, peers: [], measures: ['train'] } }, name);
    results.save();
  }
}

export async function measureProfiles({ results, host, progress, options }: Run): Promise<void> {
  for (const name of options.profile) {
    progress(`profile of ${name}`);
    results.sections.profiles[name] = await under(() => withPlace(host, (place) => place.call('profile', [name, REPLAYS, options.tune === 'full'], CALL_LIMIT)));
    results.save();
  }
}

/** Each in a place of its own; a place's store of choices may be that of the run, so every tuning has one apart. */
export async function measureTunings({ results, host, progress, options, software }: Run): Promise<void> {
  const section = (results.sections.tuning ??= {});
  for (const name of options.tuning) {
    progress(`tuning of ${name}`);
    section[name] = await under(() => withPlace(host, (place) => place.call('tuning', [name, options.rounds, software], CALL_LIMIT)));
    results.save();
  }
}

export async function measureLiterature({ results, host, torchHost, progress, options, software }: Run): Promise<void> {
  progress('the literature\'s point');
  results.sections.literature = await under(async () => {
    const ours = await withPlace(host, (place) => place.call('literature', [options.rounds, software, options.tune === 'full'], CALL_LIMIT));
    return { ours, torch: torchHost ? torchLiterature(options.rounds, ours.steps) : null };
  });
  results.save();
}

function torchLiterature(rounds: number, steps: number): TorchLiterature {
  const python = process.env.UNFOLD_PYTHON ?? (process.platform === 'win32' ? 'python' : 'python3');
  const script = path.join(HERE, 'cudnn.py');
  const { status, stdout, stderr } = spawnSync(python, ['-B', script, 'literature', '--rounds', String(rounds), '--steps', String(steps)], { encoding: 'utf8', timeout: CALL_LIMIT });
  if (status !== 0) throw new Error(`cudnn.py literature failed: ${stderr.trim().split('\n').at(-1)}`);
  return JSON.parse(stdout) as TorchLiterature;
}

const BASE: PointSizes = { T: 64, H: 128, N: 16, L: 1 };
const SWEEPS = { T: [16, 32, 64, 128, 256], H: [32, 64, 128, 256], N: [1, 4, 16, 64], L: [1, 2, 4, 8] } as const;
const MEMORY_STEPS = [64, 128, 256, 512, 1024, 2048];

export async function measureScaling({ results, host, progress, options, deadline }: Run): Promise<void> {
  const sizes = Object.entries(SWEEPS).flatMap(([swept, values]) => values.map((value) => ({ swept: swept as keyof PointSizes, ...BASE, [swept]: value })));
  const rounds: Round[][] = sizes.map(() => []);
  results.sections.scaling = await under<Omit<ScalingSection, keyof Conditions>>(() => withPlace(host, async (place) => {
    await place.call('scalingPoints', [sizes], CALL_LIMIT);
    // The first two steps compile and say how long one takes.
    const warm: Round[] = [];
    for (const [k, size] of sizes.entries()) {
      progress(`scaling: preparing ${size.swept}=${size[size.swept]}`);
      await place.call('timePoint', [k, 1], CALL_LIMIT);
      warm.push(await place.call('timePoint', [k, 1], CALL_LIMIT));
    }
    for (let round = 0; round < options.rounds && (round === 0 || performance.now() < deadline); round++) {
      for (const [k, size] of sizes.entries()) {
        progress(`scaling: round ${round + 1} of ${options.rounds}, ${size.swept}=${size[size.swept]}`);
        rounds[k]!.push(await place.call('timePoint', [k, options.steps || stepsFor(warm[k]!.milliseconds, 500)], CALL_LIMIT));
      }
    }
    const memory = await place.call('memory', [MEMORY_STEPS.map((T) => ({ ...BASE, T }))], CALL_LIMIT);
    return { points: sizes.map((size, k) => ({ ...size, train: summarize(rounds[k]!)! })), memory };
  }));
  results.save();
}
