// A device of an application's own, as `openDevice({ device })` takes it: its methods can be stood before.
import { openDevice, type Gpu } from '../../src/index.ts';

/** Open a device, let `change` stand before its methods, and give it to the engine. */
export async function openOwn(change: (device: GPUDevice) => void): Promise<Gpu> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('there is no adapter');
  const requiredFeatures = (['subgroups'] as const).filter((name) => adapter.features.has(name));
  const { maxBufferSize, maxStorageBufferBindingSize } = adapter.limits;
  const device = await adapter.requestDevice({ requiredFeatures, requiredLimits: { maxBufferSize, maxStorageBufferBindingSize } });
  change(device);
  return openDevice({ device, tune: 'off' });
}

/** Bytes of GPU buffers that were made on a device and not destroyed. */
export interface Meter {
  bytes: number;
  buffers: number;
}

/** Count the buffers of a device from now on. */
export function meter(device: GPUDevice): Meter {
  const live: Meter = { bytes: 0, buffers: 0 };
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    const destroy = buffer.destroy.bind(buffer);
    let counted = 1;
    live.bytes += descriptor.size;
    live.buffers++;
    buffer.destroy = () => {
      live.bytes -= counted * descriptor.size;
      live.buffers -= counted;
      counted = 0;
      return destroy();
    };
    return buffer;
  };
  return live;
}
