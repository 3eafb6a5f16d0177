// Sizes that are known to be too large before anything is made of them: no array on the host, no list of commands, no GPU memory.
import { shown } from '../checks/shown.ts';
import type { Gpu } from '../gpu/device.ts';
import { allocateProxy, checkLimits, type ElementBytes } from '../gpu/memory.ts';
import type { LayerShape } from './stack_parameters.ts';

/** Steps of all layers in one window. Each is a command of the GPU, which is recorded, kept and submitted. */
const MOST_STEPS = 2 ** 16;
/** The deepest networks that are trained have some dozens. */
const MOST_LAYERS = 2 ** 10;

/** @throws RangeError for more layers than a network can have */
export function checkDepth(layers: number, name: string): void {
  if (layers > MOST_LAYERS) throw new RangeError(`${name} must be at most ${MOST_LAYERS}; ${shown(layers)} was given`);
}

interface WindowSizes {
  /** T */ readonly timeSteps: number;
  /** Steps that are kept at one time. Default T. */ readonly kept?: number;
  /** N */ readonly batchSize: number;
  readonly elementBytes?: ElementBytes;
}

/** @throws RangeError for a window of T steps and N rows through these layers that has too many commands or an array over the device's limits */
export function checkWindow(gpu: Gpu, layers: readonly LayerShape[], { timeSteps, kept = timeSteps, batchSize, elementBytes = 4 }: WindowSizes): void {
  if (timeSteps * layers.length > MOST_STEPS) {
    const through = layers.length > 1 ? ` through ${layers.length} layers` : '';
    throw new RangeError(
      `a window of ${timeSteps} steps${through} has ${timeSteps * layers.length} steps to record, and may have ${MOST_STEPS}: ` +
        'use shorter windows, over whose borders the state is carried (truncated BPTT)',
    );
  }
  checkArrays(gpu, layers.map(({ cell, hiddenSize, direction }, l) => ({
    name: `the gates of layer ${l}`, shape: [kept, batchSize, direction === 'bidirectional' ? 2 : 1, cell.saved, hiddenSize],
  })), elementBytes);
}

/** @throws RangeError for an array that is over the device's limits */
export function checkArrays(gpu: Gpu, arrays: readonly { readonly name: string; readonly shape: readonly number[] }[], elementBytes: ElementBytes = 4): void {
  checkLimits(arrays.map(({ name, shape }) => allocateProxy(name, shape, 'scratch', elementBytes).buffer), gpu.device.limits);
}
