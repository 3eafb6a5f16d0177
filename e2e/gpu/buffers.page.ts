// Arrays shared with an application without a copy: bound by its shaders, given from parts of its buffers, reset by rows.
import { createRecurrent, openDevice, type Gpu, type GpuArray } from '../../src/index.ts';
import { randomArray } from './random_arrays.ts';
import { said } from './thrown.ts';

const SHADER = /* wgsl */ `
@group(0) @binding(0) var<storage, read> given: array<f32>;
@group(0) @binding(1) var<storage, read_write> doubled: array<f32>;
@group(0) @binding(2) var<uniform> first: vec4u;
@compute @workgroup_size(64)
fn double(@builtin(global_invocation_id) id: vec3u) {
  if (id.x < arrayLength(&doubled)) { doubled[id.x] = 2.0 * given[first.x + id.x]; }
}`;

/** Twice an array, by a shader of the application's own that reads it where it lies, in one encoder with the pass that makes it. */
async function doubled(gpu: Gpu, array: GpuArray, encode: (encoder: GPUCommandEncoder) => void): Promise<number[]> {
  const { device } = gpu;
  const pipeline = device.createComputePipeline({ layout: 'auto', compute: { module: device.createShaderModule({ code: SHADER }) } });
  const { resource, first } = array.binding();
  const size = array.byteLength;
  const output = device.createBuffer({ size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const read = device.createBuffer({ size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const uniform = device.createBuffer({ size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  device.queue.writeBuffer(uniform, 0, Uint32Array.of(first, 0, 0, 0));
  const group = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [resource, { buffer: output }, { buffer: uniform }].map((one, binding) => ({ binding, resource: one })) });
  const encoder = device.createCommandEncoder();
  encode(encoder);
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(size / 4 / 64));
  pass.end();
  encoder.copyBufferToBuffer(output, 0, read, 0, size);
  device.queue.submit([encoder.finish()]);
  await read.mapAsync(GPUMapMode.READ);
  const values = [...new Float32Array(read.getMappedRange())];
  for (const buffer of [output, read, uniform]) buffer.destroy();
  return values;
}

/** Every result of a plan, as the engine reads it and half of what the application's shader made of it. */
export async function bound() {
  const gpu = await openDevice();
  const network = createRecurrent(gpu, { cell: 'lstm', inputSize: 3, hiddenSize: 5, numLayers: 2, seed: 2 });
  const plan = network.plan({ timeSteps: 4, batchSize: 3, training: true });
  const input = randomArray(4 * 3 * 3, 1);
  plan.forward({ input });
  plan.backward({ dOutput: randomArray(4 * 3 * 5, 2) });
  const arrays = { output: plan.output, hn: plan.hn, cn: plan.cn, dInput: plan.dInput, dH0: plan.dH0, weight_hh_l1: network.parameter('weight_hh_l1'), 'gradient of bias_hh_l1': network.gradient('bias_hh_l1') };
  const results: { name: string; offset: number; first: number; same: boolean }[] = [];
  for (const [name, array] of Object.entries(arrays)) {
    const theirs = await doubled(gpu, array, name === 'output' ? (encoder) => plan.encodeForward(encoder, { input }) : () => {});
    const own = [...await array.read()];
    const { resource, first } = array.binding();
    results.push({ name, offset: resource.offset ?? 0, first, same: own.every((value, i) => theirs[i] === 2 * value) && theirs.length === own.length && own.some((value) => value !== 0) });
  }
  return results;
}

/** An input given from the midst of an application's buffer, beside the same numbers from the host; and what is said of parts that are not there. */
export async function parts() {
  const gpu = await openDevice();
  const network = createRecurrent(gpu, { cell: 'gru', inputSize: 2, hiddenSize: 3 });
  const plan = network.plan({ timeSteps: 2, batchSize: 2 });
  const input = randomArray(8, 5);
  const buffer = gpu.device.createBuffer({ label: 'all of it', size: 64, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  gpu.device.queue.writeBuffer(buffer, 20, input);
  plan.forward({ input });
  const expected = [...await plan.output.read()];
  const results: boolean[] = [];
  for (const source of [{ buffer, offset: 20, size: 32 }, { buffer, offset: 20 }]) {
    plan.forward({ input: new Float32Array(8) });
    plan.forward({ input: source });
    const found = await plan.output.read();
    results.push(expected.every((value, i) => value === found[i]));
  }
  const refused: Record<string, string> = {};
  for (const [name, source] of Object.entries({
    small: { buffer, offset: 40 }, past: { buffer, offset: 40, size: 32 }, odd: { buffer, offset: 2 }, negative: { buffer, offset: -4 }, size: { buffer, size: 1.5 }, none: { offset: 4 },
  })) refused[name] = await said(() => plan.forward({ input: source as GPUBufferBinding }));
  return { results, refused };
}

/** Rows of a stream begun again while the others go on, beside streams of which none or all did. */
export async function resetRows() {
  const gpu = await openDevice();
  const network = createRecurrent(gpu, { cell: 'lstm', inputSize: 2, hiddenSize: 3, numLayers: 2, seed: 1 });
  const [all, some, fresh] = [network.stream({ batchSize: 3 }), network.stream({ batchSize: 3 }), network.stream({ batchSize: 3 })];
  const [one, two] = [randomArray(6, 1), randomArray(6, 2)];
  for (const stream of [all, some]) stream.step(one);
  some.reset([0, 2]);
  for (const stream of [all, some, fresh]) stream.step(two);
  const rows = async (stream: typeof all) => {
    const { h, c } = await stream.snapshot();
    return [0, 1, 2].map((n) => [h, c].flatMap((state) => [0, 1].flatMap((l) => [...state.slice((l * 3 + n) * 3, (l * 3 + n + 1) * 3)])));
  };
  const result = { kept: await rows(all), some: await rows(some), fresh: await rows(fresh) };
  some.reset();
  const { h, c } = await some.snapshot();
  return { ...result, zero: [...h, ...c].every((value) => value === 0), refused: await said(() => some.reset([3])) };
}
