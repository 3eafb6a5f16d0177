// The oracle's answers, kept in a file between runs: plain loops in float64 take longer than most contenders.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CHECK_STEPS, type Oracle } from './contest.ts';
import { HERE, ROOT } from './folders.ts';
import type { Host } from './hosts/host.ts';
import type { StreamTruth, Truth } from './oracle.ts';

const FOLDER = path.join(HERE, 'node_modules/.truth');
const LIMIT = 600_000;

/** The answers of one configuration. A kept one counts as long as no line of the oracle, the workload or the reference has changed. */
export function createOracle(host: Host, config: string): Oracle {
  const ask = async <T>(kind: 'truth' | 'streamTruth'): Promise<T> => {
    const file = path.join(FOLDER, `${config}-${kind}-${sourceHash()}.json`);
    try {
      return JSON.parse(readFileSync(file, 'utf8')) as T;
    } catch {
      // Not kept yet.
    }
    const place = await host.open();
    try {
      const answer = kind === 'truth' ? await place.call('truth', [config, CHECK_STEPS], LIMIT) : await place.call('streamTruth', [config], LIMIT);
      mkdirSync(FOLDER, { recursive: true });
      writeFileSync(file, JSON.stringify(answer));
      return answer as T;
    } finally {
      await place.close();
    }
  };
  const once = <T>(run: () => Promise<T>): (() => Promise<T>) => {
    let answer: Promise<T> | null = null;
    return () => (answer ??= run());
  };
  return { losses: once(() => ask<Truth>('truth')), stream: once(() => ask<StreamTruth>('streamTruth')) };
}

function sourceHash(): string {
  const hash = createHash('sha256').update(String(CHECK_STEPS));
  const reference = path.join(ROOT, 'src/reference');
  const files = [...['oracle.ts', 'workload.ts', 'configs.ts'].map((name) => path.join(HERE, name)), ...readdirSync(reference).sort().map((name) => path.join(reference, name))];
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}
