// A device whose storage buffers have guard bands: each is larger than was asked for, and what was asked for lies in its middle. Bindings
// reach into the band behind them, so that a kernel which goes past its end meets the band and not WebGPU's own bounds check; lengths that
// are folded into a shader are taken out again, because a compiler would use them for the same check.

/** Bytes on each side; a multiple of what a binding may start at. */
const BAND = 4096;

interface Middle {
  readonly size: number;
  readonly label: string;
}

export interface Bands {
  /** Fill the bands of all buffers, and of those made from now on. */
  poison(word: number): void;
  /** What was written into a band, in words; empty where nothing was. */
  damage(): Promise<string[]>;
  /** Write words into a buffer, counted from its middle, beside the engine. */
  write(buffer: GPUBuffer, start: number, words: Uint32Array<ArrayBuffer>): void;
}

export function band(device: GPUDevice): Bands {
  const middles = new Map<GPUBuffer, Middle>();
  let pattern = new Uint32Array(BAND / 4);
  const { queue } = device;
  const own = {
    createBuffer: device.createBuffer.bind(device), createBindGroup: device.createBindGroup.bind(device), createShaderModule: device.createShaderModule.bind(device),
    createCommandEncoder: device.createCommandEncoder.bind(device), writeBuffer: queue.writeBuffer.bind(queue),
  };
  const start = (buffer: GPUBuffer): number => (middles.has(buffer) ? BAND : 0);
  const fill = (buffer: GPUBuffer, { size }: Middle): void => {
    own.writeBuffer(buffer, 0, pattern);
    own.writeBuffer(buffer, BAND + size, pattern);
  };

  device.createBuffer = (descriptor) => {
    if (!(descriptor.usage & GPUBufferUsage.STORAGE)) return own.createBuffer(descriptor);
    const buffer = own.createBuffer({ ...descriptor, size: descriptor.size + 2 * BAND });
    const middle = { size: descriptor.size, label: descriptor.label ?? '' };
    Object.defineProperty(buffer, 'size', { value: middle.size });
    middles.set(buffer, middle);
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => (middles.delete(buffer), destroy());
    fill(buffer, middle);
    return buffer;
  };

  device.createBindGroup = (descriptor) => {
    const given = [...descriptor.entries].map(({ binding, resource }) => ({ binding, ...(resource as GPUBufferBinding) }));
    const entries = given.map(({ binding, buffer, offset = 0, size }): GPUBindGroupEntry => {
      if (!middles.has(buffer)) return { binding, resource: { buffer, offset, ...(size !== undefined && { size }) } };
      // Two writable bindings of one buffer must not overlap, so a band is bound up to the next of them; what was asked for is bound all the same.
      const next = Math.min(...given.filter((other) => other.buffer === buffer && (other.offset ?? 0) > offset).map((other) => other.offset ?? 0));
      const asked = size ?? buffer.size - offset;
      return { binding, resource: { buffer, offset: offset + BAND, size: Math.max(asked, Math.min(next - offset, asked + BAND)) } };
    });
    return own.createBindGroup({ ...descriptor, entries });
  };

  device.createShaderModule = (descriptor) =>
    own.createShaderModule({ ...descriptor, code: descriptor.code.replace(/(\bvar<storage\b[^>]*>\s*\w+\s*:\s*array<\s*\w+)\s*,\s*\d+(?=\s*>)/g, '$1') });

  device.createCommandEncoder = (descriptor) => {
    const encoder = own.createCommandEncoder(descriptor);
    const [copy, clear] = [encoder.copyBufferToBuffer.bind(encoder) as (...words: unknown[]) => undefined, encoder.clearBuffer.bind(encoder)];
    encoder.copyBufferToBuffer = ((from: GPUBuffer, fromBytes: number, to: GPUBuffer, toBytes: number, bytes: number) =>
      copy(from, fromBytes + start(from), to, toBytes + start(to), bytes)) as GPUCommandEncoder['copyBufferToBuffer'];
    encoder.clearBuffer = (buffer, offset = 0, size = buffer.size - offset) => clear(buffer, offset + start(buffer), size);
    return encoder;
  };

  queue.writeBuffer = ((buffer: GPUBuffer, offset: number, ...rest: [GPUAllowSharedBufferSource]) =>
    own.writeBuffer(buffer, offset + start(buffer), ...rest)) as GPUQueue['writeBuffer'];

  return {
    poison(word) {
      pattern = new Uint32Array(BAND / 4).fill(word);
      for (const [buffer, middle] of middles) fill(buffer, middle);
    },
    write: (buffer, at, words) => own.writeBuffer(buffer, at + start(buffer), words),
    async damage() {
      const all = [...middles];
      if (all.length === 0) return [];
      const staging = own.createBuffer({ label: 'bands', size: all.length * 2 * BAND, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
      const encoder = own.createCommandEncoder();
      all.forEach(([buffer, { size }], i) => {
        encoder.copyBufferToBuffer(buffer, 0, staging, 2 * i * BAND, BAND);
        encoder.copyBufferToBuffer(buffer, BAND + size, staging, (2 * i + 1) * BAND, BAND);
      });
      queue.submit([encoder.finish()]);
      await staging.mapAsync(GPUMapMode.READ);
      const found = new Uint32Array(staging.getMappedRange().slice(0));
      staging.destroy();
      return all.flatMap(([, { label, size }], i) => (['before the beginning', 'past the end'] as const).flatMap((side, half) => {
        const words = found.subarray((2 * i + half) * (BAND / 4), (2 * i + half + 1) * (BAND / 4));
        const at = words.findIndex((word, j) => word !== pattern[j]);
        return at < 0 ? [] : [`${label} (${size} bytes) was written ${half === 0 ? BAND / 4 - at : at} words ${side}`];
      }));
    },
  };
}
