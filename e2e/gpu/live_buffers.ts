// An application's own device that knows which of its buffers have not been destroyed.

export async function deviceWithLiveBuffers(): Promise<{ device: GPUDevice; live: ReadonlySet<GPUBuffer> }> {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter!.requestDevice();
  const create = device.createBuffer.bind(device);
  const live = new Set<GPUBuffer>();
  device.createBuffer = (descriptor) => {
    const buffer = create(descriptor);
    live.add(buffer);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => (live.delete(buffer), destroy());
    return buffer;
  };
  return { device, live };
}
