import { band, type Bands } from '../../tools/torture/banded_device.ts';
import { meter, openOwn, type Meter } from '../../tools/torture/own_device.ts';
import { takeTurn } from '../../tools/torture/turn.ts';

/** Writes what lies at one place of `source`, plus 7, to one place of `sink`: a kernel that knows no ends. */
const KERNEL = /* wgsl */ `
@group(0) @binding(0) var<storage, read> source: array<f32, 4>;
@group(0) @binding(1) var<storage, read_write> sink: array<f32, 4>;
@group(0) @binding(2) var<uniform> places: vec2u;
@compute @workgroup_size(1) fn carry() { sink[places.y] = source[places.x] + 7.0; }`;

export interface Banded {
  readonly damage: readonly string[];
  /** What lies in the sink's own four elements. */
  readonly sink: readonly number[];
  readonly size: number;
}

/** What that kernel does between two buffers of four elements, which hold 1, 2, 3, 4 and zeros, with bands of that poison. */
export async function moved({ from, to, poison }: { from: number; to: number; poison: number }): Promise<Banded> {
  let bands: Bands | null = null;
  const { device } = await openOwn((own) => (bands = band(own)));
  bands!.poison(poison);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const [source, sink] = ['source', 'sink'].map((label) => device.createBuffer({ label, size: 16, usage })) as [GPUBuffer, GPUBuffer];
  const places = device.createBuffer({ size: 8, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(source, 0, Float32Array.of(1, 2, 3, 4));
  device.queue.writeBuffer(places, 0, Uint32Array.of(from, to));
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code: KERNEL }) } });
  const entries = [{ buffer: source, size: 16 }, { buffer: sink, size: 16 }, { buffer: places }].map((resource, binding) => ({ binding, resource }));
  const staging = device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(sink, 0, staging, 0, 16);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  return { sink: [...new Float32Array(staging.getMappedRange())], damage: await bands!.damage(), size: sink.size };
}

/** Reads from behind the place where another binding of the same buffer begins, as the weights of a layer's second direction lie. */
const SPANNING = /* wgsl */ `
@group(0) @binding(0) var<storage, read> whole: array<f32>;
@group(0) @binding(1) var<storage, read> part: array<f32>;
@group(0) @binding(2) var<storage, read_write> sink: array<f32>;
@compute @workgroup_size(1) fn add() { sink[0] = whole[129] + part[0]; }`;

/** What that kernel adds of a buffer of 130 elements that hold their own numbers, of which the second binding has the 65th alone. */
export async function spanned(): Promise<number> {
  let bands: Bands | null = null;
  const { device } = await openOwn((own) => (bands = band(own)));
  bands!.poison(0x40000000);
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const [source, sink] = [device.createBuffer({ size: 520, usage }), device.createBuffer({ size: 4, usage })];
  device.queue.writeBuffer(source, 0, Float32Array.from({ length: 130 }, (_, i) => i));
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code: SPANNING }) } });
  const staging = device.createBuffer({ size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [{ buffer: source, offset: 0, size: 520 }, { buffer: source, offset: 256, size: 4 }, { buffer: sink, size: 4 }].map((resource, binding) => ({ binding, resource })),
  }));
  pass.dispatchWorkgroups(1);
  pass.end();
  encoder.copyBufferToBuffer(sink, 0, staging, 0, 4);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  return new Float32Array(staging.getMappedRange())[0]!;
}

/** What the meter counts of buffers that are made, destroyed, and destroyed again. */
export async function metered(): Promise<readonly Meter[]> {
  let live: Meter | null = null;
  const { device } = await openOwn((own) => (live = meter(own)));
  const counted: Meter[] = [];
  const make = (size: number): GPUBuffer => device.createBuffer({ size, usage: GPUBufferUsage.STORAGE });
  const [a, b] = [make(16), make(32)];
  counted.push({ ...live! });
  a.destroy();
  a.destroy();
  counted.push({ ...live! });
  b.destroy();
  counted.push({ ...live! });
  return counted;
}

/** What a turn loses in which something is rejected and nobody catches it. */
export async function unheard(): Promise<readonly string[]> {
  const { lost } = await takeTurn('kind', { seed: 1, first: 0, most: 2, milliseconds: 60_000 }, async (_chance, _tally, index) => {
    if (index === 0) void Promise.reject(new Error('left alone'));
  });
  return lost.map(({ case: index, what }) => `${index}: ${what.split(' (')[0]}`);
}
