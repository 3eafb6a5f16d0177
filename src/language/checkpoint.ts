// A training run as a file: the model's tensors, the optimizer's moments, the carried state, and where the run stands.
import { checkOptions } from '../checks/options.ts';
import { someOf } from '../checks/values.ts';
import type { Slice } from '../gpu/memory.ts';
import type { NamedTensor } from '../io/safetensors.ts';
import { writeSealed } from '../io/sealed.ts';
import type { LanguageModel } from './language_model.ts';
import { readModelFile, requireSameModel, weightsOf } from './model_file.ts';
import { claimed, requireFinite } from '../io/claims.ts';
import type { Precision } from '../layers/precision.ts';
import { requireSame, RunFields, tensorOf, type ClipFields, type OptimizerFields } from '../train/run_file.ts';
import type { LearningRateSchedule } from '../train/schedule.ts';
import type { TrainingWindow } from './training_window.ts';

/** What two trainers have in common, between which a run can move: with another of these it would not be the same run. */
export interface RunShape {
  readonly optimizer: OptimizerFields;
  /** N */
  readonly batchSize: number;
  /** T */
  readonly timeSteps: number;
  /** B */
  readonly backTimeSteps: number;
  readonly stateful: boolean;
  readonly precision: Precision;
  readonly gradientClip: ClipFields;
  /** Good steps after which the loss's scale doubles; 0 in precision f32. */
  readonly growthInterval: number;
}

export interface RunState extends RunShape {
  readonly step: number;
  /** What gives the rate of the steps to come. */
  readonly learningRate: LearningRateSchedule;
  /** Of the masks of dropout and zoneout. */
  readonly seed: number;
  /** Windows of the text read so far. */
  readonly position: number;
  /** The fingerprint of that text; null before there is one. */
  readonly text: string | null;
}

/**
 * Differences between a checkpoint and the trainer that restores it which can be meant: options of an optimizer that keeps the same
 * moments; of layers, those that leave their parameters as they are; `gradientClip`; `lossScale.growthInterval`; the text.
 */
export type AllowedDifference = 'optimizer' | 'layers' | 'gradientClip' | 'lossScale' | 'text';

const ALLOWED: readonly AllowedDifference[] = ['optimizer', 'layers', 'gradientClip', 'lossScale', 'text'];

export interface RestoreOptions {
  /** What may be another than in the checkpoint; the trainer's own is taken. Default: nothing. */
  readonly allow?: readonly AllowedDifference[];
}

/** What a checkpoint holds besides the model: name and slice. A run whose windows all start from zero carries no state, whatever the last one has left. */
function runSlices(window: TrainingWindow, { stateful }: RunShape): [string, Slice][] {
  return [
    ...window.moments.map((slice, i): [string, Slice] => [`${MOMENT}${window.momentNames[i]}`, slice]),
    ...(window.scaling ? [[LOSS_SCALE, window.scaling.state] as [string, Slice]] : []),
    ...(stateful ? window.text.carried.flatMap((states, l) => states.map((slice, s): [string, Slice] => [`state.l${l}.${s}`, slice])) : []),
  ];
}

const NAMES = { file: 'the checkpoint', reader: 'trainer' };
const MOMENT = 'optimizer.';
const LOSS_SCALE = 'loss_scale';

/** The first element of the loss's scale is the last gradient's norm, which is not finite where a step was skipped. */
const finiteFrom = (name: string): number => (name === LOSS_SCALE ? 1 : 0);

/** @throws RangeError where something is not finite */
export async function writeCheckpoint(model: LanguageModel, window: TrainingWindow, run: RunState): Promise<Uint8Array<ArrayBuffer>> {
  // All reads are queued at once, so all see the same moment even while a run goes on submitting.
  const reads = runSlices(window, run).map(async ([name, slice]): Promise<NamedTensor> => ({ name, shape: slice.shape, data: await model.gpu.read(slice) }));
  const [weights, rest] = await Promise.all([model.tensors(), Promise.all(reads)]);
  requireFinite([...weights, ...rest.map(({ name, shape, data }) => ({ name, shape, data: data.subarray(finiteFrom(name)) as Float32Array }))], ` after step ${run.step}`);
  return writeSealed([...weights, ...rest], { ...model.metadata(), run: JSON.stringify(run) });
}

/**
 * @throws SafetensorsError for a file that is damaged or contradicts itself; RangeError for one of another model, optimizer or batch.
 *   Nothing is changed then.
 */
export function readCheckpoint(model: LanguageModel, window: TrainingWindow, own: RunShape, bytes: Uint8Array, options: RestoreOptions): RunState {
  checkOptions(options, 'restore', { allow: someOf(...ALLOWED) }, []);
  const { allow = [] } = options;
  const allowed = (name: AllowedDifference): boolean => allow.includes(name);
  const file = readModelFile(bytes);
  if (file.metadata.run === undefined) throw new RangeError('the file is no checkpoint: it has no run in its metadata. A model alone is read by model.load or loadLanguageModel');
  const run = claimed('run', file.metadata.run, readRun);
  requireSameModel(file, { model: model.json, vocabulary: model.vocabulary }, { training: true, layers: !allowed('layers') });
  // Another window or batch would read the text at another place, and the run would not be the same one.
  for (const key of ['batchSize', 'timeSteps', 'backTimeSteps', 'stateful', 'precision'] as const) requireSame(NAMES, key, run[key], own[key]);
  if (!allowed('gradientClip')) requireSame(NAMES, 'gradientClip', run.gradientClip, own.gradientClip, 'gradientClip');
  if (!allowed('lossScale')) requireSame(NAMES, 'lossScale.growthInterval', run.growthInterval, own.growthInterval, 'lossScale');
  if (!allowed('optimizer')) requireSame(NAMES, 'optimizer', run.optimizer, own.optimizer, 'optimizer');
  const slices = runSlices(window, own);
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
  const found = slices.map(([name, slice]) => [slice, tensorOf(NAMES.file, file.tensors, name, slice.shape, finiteFrom(name))] as const);
  model.setWeights(weights);
  for (const [slice, data] of found) model.gpu.write(slice, data);
  return { ...run, text: allowed('text') ? null : run.text };
}

/** A run as the metadata has it, each field checked. @throws TypeError or RangeError */
function readRun(value: unknown): RunState {
  const fields = new RunFields(value);
  const { optimizer, learningRate, gradientClip } = fields;
  const step = fields.count('step', 0);
  const position = fields.count('position', 0);
  if (position > step) throw new RangeError(`position must be at most step, ${step}; ${position} was found`);
  return {
    step,
    position,
    learningRate,
    seed: fields.count('seed', 0),
    text: fields.checked('text', (found) => found === null || typeof found === 'string', 'a string or null'),
    optimizer,
    batchSize: fields.count('batchSize', 1),
    timeSteps: fields.count('timeSteps', 1),
    backTimeSteps: fields.count('backTimeSteps', 1),
    stateful: fields.checked('stateful', (found) => typeof found === 'boolean', 'true or false'),
    precision: fields.checked('precision', (found) => found === 'f32' || found === 'f16', '"f32" or "f16"'),
    gradientClip,
    growthInterval: fields.count('growthInterval', 0),
  };
}
