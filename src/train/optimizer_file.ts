// An optimizer over modules as a file: the moments of every parameter, and where the run stands. The parameters are not in it.
import { checkOptions } from '../checks/options.ts';
import { clip as cut } from '../checks/shown.ts';
import { bytes as fileBytes, someOf } from '../checks/values.ts';
import type { ParameterSpec } from '../layers/parameters.ts';
import { isRecord, quote } from '../io/json.ts';
import { SafetensorsError, type NamedTensor } from '../io/safetensors.ts';
import { readSealed, writeSealed } from '../io/sealed.ts';
import { claimed, requireFinite } from '../io/claims.ts';
import { requireSame, RunFields, tensorOf, type ClipFields, type OptimizerFields } from './run_file.ts';
import type { LearningRateSchedule } from './schedule.ts';

/** Raised whenever a file says something in another way. */
const FORMAT = 'unfold-rnn optimizer 3';
const NAMES = { file: 'the file', reader: 'optimizer' };

/** Differences between a file and the optimizer that restores it which can be meant: options of an optimizer that keeps the same moments; `gradientClip`. */
export type AllowedOptimizerDifference = 'optimizer' | 'gradientClip';

const ALLOWED: readonly AllowedOptimizerDifference[] = ['optimizer', 'gradientClip'];

export interface OptimizerRestoreOptions {
  /** What may be another than in the file; the optimizer's own is taken. Default: nothing. */
  readonly allow?: readonly AllowedOptimizerDifference[];
}

type NamedShape = Pick<ParameterSpec, 'name' | 'shape'>;

/** What two optimizers have in common, between which a run can move. */
export interface OptimizerShape {
  readonly optimizer: OptimizerFields;
  readonly gradientClip: ClipFields;
  readonly moments: readonly string[];
  /** Of each module its parameters, in their order. */
  readonly modules: readonly (readonly NamedShape[])[];
}

export interface OptimizerProgress {
  /** Updates taken, those that were skipped among them. */
  readonly steps: number;
  readonly skips: number;
  /** What gives the rate of the steps to come. */
  readonly learningRate: LearningRateSchedule;
}

/** What a moment of a parameter is called in the file. */
const tensorName = (module: number, parameter: string, moment: string): string => `${module}.${parameter}.${moment}`;

/** Every moment of every parameter: `data` gives its elements, in the shape of the parameter. */
function* each({ moments, modules }: OptimizerShape): Generator<{ module: number; parameter: string; moment: number; name: string; shape: readonly number[] }> {
  for (const [module, parameters] of modules.entries()) {
    for (const { name: parameter, shape } of parameters) {
      for (const [moment, kind] of moments.entries()) yield { module, parameter, moment, name: tensorName(module, parameter, kind), shape };
    }
  }
}

/** The elements of a moment of a parameter, among those of its module. */
export type MomentOf = (module: number, moment: number, parameter: string) => Float32Array;

/** @throws RangeError where a moment is not finite */
export function writeOptimizer(shape: OptimizerShape, progress: OptimizerProgress, momentOf: MomentOf): Uint8Array<ArrayBuffer> {
  const tensors: NamedTensor[] = Array.from(each(shape), ({ module, parameter, moment, name, shape }) => ({ name, shape, data: momentOf(module, moment, parameter) }));
  requireFinite(tensors, ` after step ${progress.steps}`);
  const { optimizer, gradientClip, moments, modules } = shape;
  const parameters = modules.map((own) => own.map(({ name, shape }) => ({ name, shape })));
  return writeSealed(tensors, { format: FORMAT, run: JSON.stringify({ ...progress, optimizer, gradientClip, moments, modules: parameters }) });
}

/**
 * Read a file of `writeOptimizer` for an optimizer of that shape; `take` gets every moment once all of the file is known to be right.
 * @throws SafetensorsError for a file that is damaged, contradicts itself or is not all finite; RangeError for one of another optimizer, or of none
 */
export function readOptimizer(own: OptimizerShape, bytes: Uint8Array, options: OptimizerRestoreOptions, take: (module: number, moment: number, parameter: string, data: Float32Array) => void): OptimizerProgress {
  fileBytes(bytes, 'bytes');
  checkOptions(options, 'restore', { allow: someOf(...ALLOWED) }, []);
  const { allow = [] } = options;
  const { tensors, metadata } = readSealed(bytes);
  if (metadata.format !== FORMAT) {
    throw new RangeError(`this safetensors file is not of an optimizer of this version: its format is ${quote(metadata.format ?? null)}, expected ${quote(FORMAT)}. optimizer.save() writes one; a trainer's checkpoint is read by trainer.restore`);
  }
  const file = claimed('run', metadata.run, readRun);
  if (!allow.includes('optimizer')) requireSame(NAMES, 'optimizer', file.optimizer, own.optimizer, 'optimizer');
  if (!allow.includes('gradientClip')) requireSame(NAMES, 'gradientClip', file.gradientClip, own.gradientClip, 'gradientClip');
  const [kept, needed] = [file.moments, own.moments].map((names) => names.join(' and ') || 'nothing');
  if (kept !== needed) throw new RangeError(`the file's optimizer keeps ${kept} of each parameter, this one keeps ${needed}: make it with the same rule`);
  requireSameParameters(file.modules, own.modules);
  const found = Array.from(each(own), (moment) => ({ ...moment, data: tensorOf(NAMES.file, tensors, moment.name, moment.shape) }));
  if (tensors.size > found.length) throw new SafetensorsError(`the file contradicts itself: it holds ${tensors.size} tensors, and its run has ${found.length}. Take another copy of it`);
  for (const { module, moment, parameter, data } of found) take(module, moment, parameter, data);
  return file;
}

/** @throws RangeError where the modules of the file are others than the optimizer's own, or in another order */
function requireSameParameters(file: OptimizerShape['modules'], own: OptimizerShape['modules']): void {
  if (file.length !== own.length) throw new RangeError(`the file was made over ${file.length} modules, this optimizer over ${own.length}: give createOptimizer the same modules in the same order`);
  const inWords = (parameter: NamedShape | undefined): string => (parameter ? `${cut(parameter.name)} [${cut(String(parameter.shape))}]` : 'nothing');
  for (const [i, parameters] of own.entries()) {
    const theirs = file[i]!;
    for (let p = 0; p < Math.max(parameters.length, theirs.length); p++) {
      const [a, b] = [inWords(theirs[p]), inWords(parameters[p])];
      if (a !== b) throw new RangeError(`the file has ${a} where module ${i} of this optimizer has ${b}: give createOptimizer modules of the same cells and sizes, in the same order`);
    }
  }
}

/** A run as the metadata has it, each field checked. @throws TypeError or RangeError */
function readRun(value: unknown): OptimizerShape & OptimizerProgress {
  const fields = new RunFields(value);
  const { learningRate, optimizer, gradientClip } = fields;
  const steps = fields.count('steps', 0);
  const skips = fields.count('skips', 0);
  if (skips > steps) throw new RangeError(`skips must be at most steps, ${steps}; ${skips} was found`);
  const isCounts = (found: unknown): boolean => Array.isArray(found) && found.every((extent) => Number.isSafeInteger(extent) && extent >= 1);
  const isParameter = (found: unknown): boolean => isRecord(found) && typeof found.name === 'string' && isCounts(found.shape);
  return {
    steps,
    skips,
    learningRate,
    optimizer,
    gradientClip,
    moments: fields.checked('moments', (found) => Array.isArray(found) && found.every((name) => typeof name === 'string'), 'a list of names'),
    modules: fields.checked('modules', (found) => Array.isArray(found) && found.every((own) => Array.isArray(own) && own.every(isParameter)), 'a list of lists of { name, shape }'),
  };
}
