// The oracle's answers in the repository: computed where they are not kept from before, since plain loops in float64 take longer
// than most contenders.

import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { configNamed } from './configs.ts';
import { CHECK_STEPS } from './contest.ts';
import { HERE, KEPT, ROOT } from './folders.ts';
import { streamTruth, truth } from './oracle.ts';
import { answerFile, type Answers } from './truth.ts';
import { createWorkload } from './workload.ts';

const FOLDER = path.join(KEPT, '.truth');

const compute: { readonly [K in keyof Answers]: (config: string) => Answers[K] } = {
  truth: (config) => truth(createWorkload(configNamed(config)), CHECK_STEPS),
  streamTruth: (config) => streamTruth(createWorkload(configNamed(config))),
};

/** A kept answer counts as long as no line of the oracle, the workload or the reference has changed. */
export function findKept<K extends keyof Answers>(config: string, kind: K): Answers[K] {
  const folder = path.join(FOLDER, sourceHash());
  const file = path.join(folder, answerFile(config, kind));
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Answers[K];
  } catch {
    // Not kept yet.
  }
  const answer = compute[kind](config);
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify(answer));
  return answer;
}

function sourceHash(): string {
  const hash = createHash('sha256').update(String(CHECK_STEPS));
  const reference = path.join(ROOT, 'src/reference');
  const files = [...['oracle.ts', 'workload.ts', 'configs.ts'].map((name) => path.join(HERE, name)), ...readdirSync(reference).sort().map((name) => path.join(reference, name))];
  for (const file of files) hash.update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}
