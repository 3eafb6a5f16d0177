// A training run as a file: the model's tensors, the optimizer's moments, the carried state, and where the run stands.
import { elements, type Slice } from '../gpu/memory.ts';
import { readSafetensors, writeSafetensors, type NamedTensor, type Tensor } from '../io/safetensors.ts';
import type { CharacterModel } from '../layers/model.ts';
import type { Precision } from '../layers/precision.ts';
import { scheduleOf, type Schedule } from './schedule.ts';
import type { TrainingWindow } from './training_window.ts';

/** What two trainers have in common, between which a run can move: with another of these it would not be the same run. */
export interface RunShape {
  readonly optimizer: string;
  /** N */
  readonly batch: number;
  /** T */
  readonly window: number;
  /** B */
  readonly backSteps: number;
  readonly stateful: boolean;
  readonly precision: Precision;
}

export interface RunState extends RunShape {
  readonly step: number;
  /** What gives the rate of the steps to come. */
  readonly rate: Schedule;
  /** Of the masks of dropout and zoneout. */
  readonly seed: number;
  /** Windows of the text read so far. */
  readonly position: number;
}

/** What a checkpoint holds besides the model: name and slice. */
function runSlices(window: TrainingWindow): [string, Slice][] {
  return [
    ...window.moments.map((slice, i): [string, Slice] => [`optimizer.${i}`, slice]),
    ...(window.scaling ? [['loss_scale', window.scaling.state] as [string, Slice]] : []),
    ...window.text.carried.flatMap((states, l) => states.map((slice, s): [string, Slice] => [`state.l${l}.${s}`, slice])),
  ];
}

export async function writeCheckpoint(model: CharacterModel, window: TrainingWindow, run: RunState): Promise<Uint8Array<ArrayBuffer>> {
  // All reads are queued at once, so all see the same moment even while a run goes on submitting.
  const reads = runSlices(window).map(async ([name, slice]): Promise<NamedTensor> => ({ name, shape: slice.shape, data: await model.gpu.read(slice) }));
  const [weights, rest] = await Promise.all([model.tensors(), Promise.all(reads)]);
  return writeSafetensors([...weights, ...rest], { ...model.metadata(), run: JSON.stringify(run) });
}

/** @throws RangeError for a file of another model, optimizer or batch; nothing is changed then. */
export function readCheckpoint(model: CharacterModel, window: TrainingWindow, own: RunShape, bytes: Uint8Array): RunState {
  const { tensors, metadata } = readSafetensors(bytes);
  if (metadata.run === undefined) throw new RangeError('the file is no checkpoint: it has no run in its metadata. A model alone is read by model.load or loadModel');
  const kept = JSON.parse(metadata.run) as RunState;
  // Checkpoints from before these options lack them.
  const run: RunState = { ...kept, backSteps: kept.backSteps ?? kept.window, stateful: kept.stateful ?? true, seed: kept.seed ?? 0, precision: kept.precision ?? 'f32' };
  // Another window or batch would read the text at another place, and the run would not be the same one.
  for (const key of ['optimizer', 'batch', 'window', 'backSteps', 'stateful', 'precision'] as const) {
    if (run[key] !== own[key]) throw new RangeError(`the checkpoint was made with ${key} ${run[key]}, this trainer with ${key} ${own[key]}: make the trainer with ${run[key]}`);
  }
  const found = runSlices(window).map(([name, slice]) => [slice, tensorOf(tensors, name, slice.shape)] as const);
  // Checkpoints from before schedules hold a number.
  const rate = scheduleOf(run.rate);
  model.load(bytes);
  for (const [slice, data] of found) model.gpu.write(slice, data);
  return { ...run, rate };
}

function tensorOf(tensors: ReadonlyMap<string, Tensor>, name: string, shape: readonly number[]): Float32Array {
  const tensor = tensors.get(name);
  if (!(tensor?.data instanceof Float32Array) || tensor.data.length !== elements(shape)) {
    const held = tensor ? `[${tensor.shape}]` : 'nothing';
    throw new RangeError(`the checkpoint holds ${held} for ${name}, and this trainer needs [${shape}]: make it with the same layers, batch and optimizer`);
  }
  return tensor.data;
}
