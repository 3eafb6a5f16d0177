// A training run as a file: the model's tensors, the optimizer's moments, the carried state, and where the run stands.
import { checkOptions } from '../checks/options.ts';
import { clip, shown } from '../checks/shown.ts';
import { oneOf } from '../checks/values.ts';
import { elements, type Slice } from '../gpu/memory.ts';
import { isRecord, quote } from '../io/json.ts';
import { SafetensorsError, type NamedTensor, type Tensor } from '../io/safetensors.ts';
import { writeSealed } from '../io/sealed.ts';
import type { CharacterModel } from '../layers/model.ts';
import { claimed, notFinite, readModelFile, requireFinite, requireSameModel, weightsOf } from '../layers/model_file.ts';
import type { Precision } from '../layers/precision.ts';
import { scheduleOf, type Schedule } from './schedule.ts';
import type { TrainingWindow } from './training_window.ts';

/** What two trainers have in common, between which a run can move: with another of these it would not be the same run. */
export interface RunShape {
  readonly optimizer: { readonly name: string; readonly options: Readonly<Record<string, number | boolean>> };
  /** N */
  readonly batch: number;
  /** T */
  readonly window: number;
  /** B */
  readonly backSteps: number;
  readonly stateful: boolean;
  readonly precision: Precision;
  readonly clip: { readonly clipNorm: number; readonly clipValue: number };
  /** Good steps after which the loss's scale doubles; 0 in precision f32. */
  readonly growEvery: number;
}

export interface RunState extends RunShape {
  readonly step: number;
  /** What gives the rate of the steps to come. */
  readonly rate: Schedule;
  /** Of the masks of dropout and zoneout. */
  readonly seed: number;
  /** Windows of the text read so far. */
  readonly position: number;
  /** The fingerprint of that text; null before there is one. */
  readonly text: string | null;
}

/**
 * Differences between a checkpoint and the trainer that restores it which can be meant: options of an optimizer that keeps the same
 * moments; of layers, those that leave their parameters as they are; the clip; `lossScale.growEvery`; the text.
 */
export type AllowedDifference = 'optimizer' | 'layers' | 'clip' | 'lossScale' | 'text';

const ALLOWED: readonly AllowedDifference[] = ['optimizer', 'layers', 'clip', 'lossScale', 'text'];

export interface RestoreOptions {
  /** What may be another than in the checkpoint; the trainer's own is taken. Default: nothing. */
  readonly allow?: readonly AllowedDifference[];
}

/** What a checkpoint holds besides the model: name and slice. */
function runSlices(window: TrainingWindow): [string, Slice][] {
  return [
    ...window.moments.map((slice, i): [string, Slice] => [`${MOMENT}${window.momentNames[i]}`, slice]),
    ...(window.scaling ? [[LOSS_SCALE, window.scaling.state] as [string, Slice]] : []),
    ...window.text.carried.flatMap((states, l) => states.map((slice, s): [string, Slice] => [`${STATE}l${l}.${s}`, slice])),
  ];
}

const MOMENT = 'optimizer.';
const STATE = 'state.';
const LOSS_SCALE = 'loss_scale';

/** The first element of the loss's scale is the last gradient's norm, which is not finite where a step was skipped. */
const finiteFrom = (name: string): number => (name === LOSS_SCALE ? 1 : 0);

/** @throws RangeError where something is not finite */
export async function writeCheckpoint(model: CharacterModel, window: TrainingWindow, run: RunState): Promise<Uint8Array<ArrayBuffer>> {
  // All reads are queued at once, so all see the same moment even while a run goes on submitting.
  // Where every window starts from zero, what the last one left behind is never read, and may be the trace of a step that was skipped.
  const read = (name: string, slice: Slice): Promise<Float32Array> | Float32Array =>
    name.startsWith(STATE) && !run.stateful ? new Float32Array(elements(slice.shape)) : model.gpu.read(slice);
  const reads = runSlices(window).map(async ([name, slice]): Promise<NamedTensor> => ({ name, shape: slice.shape, data: await read(name, slice) }));
  const [weights, rest] = await Promise.all([model.tensors(), Promise.all(reads)]);
  requireFinite([...weights, ...rest.map(({ name, shape, data }) => ({ name, shape, data: data.subarray(finiteFrom(name)) as Float32Array }))], ` after step ${run.step}`);
  return writeSealed([...weights, ...rest], { ...model.metadata(), run: JSON.stringify(run) });
}

/**
 * @throws SafetensorsError for a file that is damaged or contradicts itself; RangeError for one of another model, optimizer or batch.
 *   Nothing is changed then.
 */
export function readCheckpoint(model: CharacterModel, window: TrainingWindow, own: RunShape, bytes: Uint8Array, options: RestoreOptions): RunState {
  checkOptions(options, 'restore', { allow: checkAllowed }, []);
  const { allow = [] } = options;
  const allowed = (name: AllowedDifference): boolean => allow.includes(name);
  const file = readModelFile(bytes);
  if (file.metadata.run === undefined) throw new RangeError('the file is no checkpoint: it has no run in its metadata. A model alone is read by model.load or loadModel');
  const run = claimed('run', file.metadata.run, readRun);
  requireSameModel(file, { model: model.json, vocabulary: model.vocabulary }, { training: true, layers: !allowed('layers') });
  // Another window or batch would read the text at another place, and the run would not be the same one.
  for (const key of ['batch', 'window', 'backSteps', 'stateful', 'precision'] as const) compare(key, run[key], own[key]);
  if (!allowed('clip')) compare('clip', run.clip, own.clip, 'clip');
  if (!allowed('lossScale')) compare('lossScale.growEvery', run.growEvery, own.growEvery, 'lossScale');
  if (!allowed('optimizer')) compare('optimizer', run.optimizer, own.optimizer, 'optimizer');
  const slices = runSlices(window);
  const moments = (names: Iterable<string>): string => [...names].filter((name) => name.startsWith(MOMENT)).map((name) => name.slice(MOMENT.length)).sort().join(' and ') || 'nothing';
  const [kept, needed] = [moments(file.tensors.keys()), moments(slices.map(([name]) => name))];
  if (kept !== needed) {
    throw new RangeError(`the checkpoint's optimizer keeps ${kept} of each weight, this trainer's ${needed}: use the same optimizer, or begin anew with the weights alone by model.load`);
  }
  const weights = weightsOf(file);
  for (const [i, { name, shape }] of model.weights.specs.entries()) {
    const theirs = file.parameters[i];
    if (theirs?.name !== name || theirs.shape.join() !== shape.join()) {
      throw new RangeError(`the checkpoint has ${theirs ? `${theirs.name} [${theirs.shape}]` : 'nothing'} where this model has ${name} [${shape}]: make the trainer of a model of the same cells and sizes`);
    }
  }
  const found = slices.map(([name, slice]) => [slice, tensorOf(file.tensors, name, slice.shape)] as const);
  model.setWeights(weights);
  for (const [slice, data] of found) model.gpu.write(slice, data);
  return { ...run, text: allowed('text') ? null : run.text };
}

function checkAllowed(allow: readonly AllowedDifference[], name: string): void {
  if (!Array.isArray(allow)) throw new TypeError(`${name} must be a list of ${ALLOWED.map((each) => `"${each}"`).join(', ')}; ${shown(allow)} was given`);
  for (const each of allow) oneOf(each, name, ALLOWED);
}

/** @throws RangeError where the checkpoint's value is another than the trainer's */
function compare(what: string, theirs: unknown, ours: unknown, allow?: AllowedDifference): void {
  const [a, b] = [theirs, ours].map((value) => clip(isRecord(value) ? JSON.stringify(value) : String(value), 400));
  if (a === b) return;
  const meant = allow ? `, or restore(bytes, { allow: ['${allow}'] }) if the difference is meant` : '';
  throw new RangeError(`the checkpoint was made with ${what} ${a}, this trainer with ${what} ${b}: make the trainer with ${a}${meant}`);
}

/** A run as the metadata has it, each field checked. @throws TypeError or RangeError */
function readRun(value: unknown): RunState {
  if (!isRecord(value)) throw new TypeError(`it must be an object; ${quote(value)} was found`);
  const count = (key: string, least: number): number => {
    const found = value[key];
    if (typeof found !== 'number' || !Number.isSafeInteger(found) || found < least) throw new RangeError(`${key} must be a whole number of at least ${least}; ${quote(found)} was found`);
    return found;
  };
  const checked = <T>(key: string, is: (found: unknown) => boolean, what: string, found = value[key]): T => {
    if (!is(found)) throw new TypeError(`${key} must be ${what}; ${quote(found)} was found`);
    return found as T;
  };
  const scalar = (found: unknown): boolean => typeof found === 'boolean' || (typeof found === 'number' && Number.isFinite(found));
  const { name, options } = checked<RunShape['optimizer']>('optimizer', (found) => isRecord(found), '{ name, options }');
  const { clipNorm, clipValue } = checked<RunShape['clip']>('clip', (found) => isRecord(found), '{ clipNorm, clipValue }');
  checked('optimizer.name', (found) => typeof found === 'string', 'a string', name);
  checked('optimizer.options', (found) => isRecord(found) && Object.values(found).every(scalar), 'an object of numbers and booleans', options);
  for (const bound of [clipNorm, clipValue]) checked('clip', (found) => typeof found === 'number' && Number.isFinite(found) && found >= 0, '{ clipNorm, clipValue } of numbers from 0', bound);
  const step = count('step', 0);
  const position = count('position', 0);
  if (position > step) throw new RangeError(`position must be at most step, ${step}; ${position} was found`);
  return {
    step,
    position,
    rate: scheduleOf(checked<Schedule>('rate', isRecord, 'a schedule')),
    seed: count('seed', 0),
    text: checked('text', (found) => found === null || typeof found === 'string', 'a string or null'),
    optimizer: { name, options },
    batch: count('batch', 1),
    window: count('window', 1),
    backSteps: count('backSteps', 1),
    stateful: checked('stateful', (found) => typeof found === 'boolean', 'true or false'),
    precision: checked('precision', (found) => found === 'f32' || found === 'f16', '"f32" or "f16"'),
    clip: { clipNorm, clipValue },
    growEvery: count('growEvery', 0),
  };
}

/** @throws SafetensorsError where the file does not hold it in that shape, or not finite */
function tensorOf(tensors: ReadonlyMap<string, Tensor>, name: string, shape: readonly number[]): Float32Array {
  const tensor = tensors.get(name);
  if (tensor?.dtype !== 'F32' || tensor.shape.join() !== shape.join()) {
    const held = tensor ? `${tensor.dtype} [${tensor.shape}]` : 'nothing';
    throw new SafetensorsError(`the checkpoint contradicts itself: it holds ${held} for ${name}, and its run needs F32 [${shape}]. Take another copy of it`);
  }
  const data = tensor.data as Float32Array;
  const wrong = notFinite(name, data, finiteFrom(name));
  if (wrong) throw new SafetensorsError(`${wrong}: the run in the checkpoint has diverged. Take an earlier one`);
  return data;
}
