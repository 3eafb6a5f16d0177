// How a network is stored: all of it in f32, or its activations and a copy of its weight matrices in f16. Sums are f32 either way.
import type { CellOptions } from '../cells/activation.ts';
import type { Gpu } from '../gpu/device.ts';
import { among } from '../checks/values.ts';

export type Precision = 'f32' | 'f16';

export const isPrecision = among<Precision>('f32', 'f16');

/** @throws RangeError for a precision that the device has not, or that does not go with an option of a layer */
export function checkPrecision(gpu: Gpu, precision: Precision, layers: readonly CellOptions[]): void {
  if (precision === 'f32') return;
  if (layers.some(({ clipGates }) => clipGates !== undefined)) {
    throw new RangeError("clipGates does not go with precision: 'f16': a gate rounded to f16 no longer shows that it was clipped. Leave one of them out");
  }
  if (!gpu.device.features.has('shader-f16')) {
    throw new RangeError(
      `precision: 'f16' needs the WebGPU feature "shader-f16", and this device (${gpu.adapter.name}) was opened without it. ` +
        "Use precision: 'f32'; where the adapter has the feature, ask for it: requestDevice({ requiredFeatures: ['shader-f16'] }), as openDevice() does",
    );
  }
}
