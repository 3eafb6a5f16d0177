// The half of `npm run conformance` that runs in the browser: one case at a time through the engine's operators.
import { DeviceLostError, openDevice, type Gpu } from '../../src/index.ts';
import { readCase, taskOf, type CaseJSON } from './case.ts';
import { runPasses } from './passes.ts';
import { comparisons, score, type Comparison, type FieldScore, type Results } from './score.ts';
import { encode, inShapeOf, type EncodedTensor, type Tensor } from './tensor.ts';
import { readTraining } from './training.ts';
import { runTraining } from './training_run.ts';
import { Unsupported } from './words.ts';

export type Verdict =
  | { readonly status: 'unsupported' | 'failed'; readonly reason: string }
  | { readonly status: 'passed' | 'failed'; readonly scores: readonly FieldScore[]; readonly raw: RawResults | null };

/** The results under the case's own names. */
export interface RawResults {
  readonly [field: string]: EncodedTensor | { readonly [name: string]: EncodedTensor };
}

let opened: Gpu | null = null;

/** Open the device. @returns the adapter's name */
export async function open(): Promise<string> {
  opened = await openDevice();
  return opened.adapter.name;
}

/** Run a case and compare. Never throws for what is wrong with the case or its results. */
export async function run({ given, raw }: { readonly given: CaseJSON; readonly raw: boolean }): Promise<Verdict> {
  try {
    opened ??= await openDevice();
    const { expectation, results, fields } = await runTask(opened, given);
    const shaped = fields.map((each) => ({ ...each, actual: each.actual && inShapeOf(each.actual, each.expected) }));
    const scores = score(expectation, shaped);
    const passed = scores.every(({ error, tolerance }) => error <= tolerance);
    return { status: passed ? 'passed' : 'failed', scores, raw: raw ? encodeAll(results, shaped) : null };
  } catch (error) {
    const { name, message } = error as Error;
    if (error instanceof Unsupported) return { status: 'unsupported', reason: message };
    if (error instanceof DeviceLostError) opened = null; // The next case opens another.
    return { status: 'failed', reason: `${name}: ${message}` };
  }
}

async function runTask(gpu: Gpu, given: CaseJSON) {
  if (taskOf(given) === 'training') {
    const expectation = readTraining(given);
    return { expectation, ...await runTraining(gpu, expectation) };
  }
  const expectation = readCase(given);
  const results = await runPasses(gpu, expectation);
  return { expectation, results, fields: comparisons(expectation, results) };
}

/** In the shapes that the case has for them. */
function encodeAll(results: Results, fields: readonly Comparison[]): RawResults {
  const shaped = (field: string, tensor: Tensor): EncodedTensor => encode(fields.find((each) => each.field === field)?.actual ?? tensor);
  const raw: Record<string, RawResults[string]> = {};
  for (const [field, value] of Object.entries(results)) {
    if (!value) continue;
    raw[field] = value.values instanceof Float64Array
      ? shaped(field, value as Tensor)
      : Object.fromEntries(Object.entries(value as Record<string, Tensor>).map(([name, each]) => [name, shaped(`${field}.${name}`, each)]));
  }
  return raw;
}
