import shader from './smoke.wgsl';
import { unroll } from '../../src/shader_text/unroll.ts';

export interface Smoke {
  readonly adapter: string;
  readonly y: Float32Array;
}

/** y[i] = scale * x[i] + x[i + 1], of the software or real adapter, by WebGPU alone. x [64]. */
export async function scaleAndAdd({ x, scale }: { x: number[]; scale: number }): Promise<Smoke> {
  const device = await openDevice();
  const entry = shader.entries.scale_and_add;
  const { params } = entry;
  if (!params) throw new Error('the shader declares params');
  const bytes = new Uint8Array(16);
  const uniform = new DataView(bytes.buffer);
  for (const { name, offset } of params.fields) {
    if (name === 'count') uniform.setUint32(offset, x.length, true);
    else uniform.setFloat32(offset, scale, true);
  }
  const buffer = (data: ArrayBufferView<ArrayBuffer>, usage: number): GPUBuffer => {
    const made = device.createBuffer({ size: data.byteLength, usage: usage | GPUBufferUsage.COPY_DST });
    device.queue.writeBuffer(made, 0, data);
    return made;
  };
  const input = Float32Array.from(x);
  const buffers = {
    x: buffer(input, GPUBufferUsage.STORAGE),
    y: buffer(new Float32Array(x.length), GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC),
  };
  const module = device.createShaderModule({ code: unroll(shader.code) });
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint: entry.name } });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [
      { binding: params.binding, resource: { buffer: buffer(bytes, GPUBufferUsage.UNIFORM) } },
      ...entry.bindings.map(({ name, binding }) => ({ binding, resource: { buffer: buffers[name] } })),
    ],
  });
  const result = device.createBuffer({ size: input.byteLength, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(Math.ceil(x.length / entry.workgroupSize[0]));
  pass.end();
  encoder.copyBufferToBuffer(buffers.y, 0, result, 0, input.byteLength);
  device.queue.submit([encoder.finish()]);
  await result.mapAsync(GPUMapMode.READ);
  return { adapter: JSON.stringify(device.adapterInfo, ['vendor', 'architecture', 'description']), y: new Float32Array(result.getMappedRange().slice(0)) };
}

/** Each makes one kind of mistake, which the harness must see. */
export async function mistake(kind: 'validation' | 'after destroy' | 'uncaptured' | 'unbalanced pop' | 'console' | 'exception' | 'none'): Promise<string> {
  const device = await openDevice();
  const invalid = (): GPUBuffer => device.createBuffer({ size: 16, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.STORAGE });
  if (kind === 'validation') invalid();
  if (kind === 'after destroy') {
    invalid();
    device.destroy();
  }
  if (kind === 'uncaptured') {
    for (let scope = 0; scope < 3; scope++) void device.popErrorScope();
    invalid();
    for (const filter of ['internal', 'out-of-memory', 'validation'] as const) device.pushErrorScope(filter);
  }
  if (kind === 'unbalanced pop') await device.popErrorScope();
  if (kind === 'console') console.error('said on the console');
  if (kind === 'exception') throw new RangeError('thrown in the page');
  return kind;
}

/** How many devices the page holds open is asked of one that an earlier call left behind. */
let left: GPUDevice | undefined;

export async function leaveOpen(): Promise<void> {
  left = await openDevice();
}

export async function leftBehind(): Promise<string> {
  return left ? (await left.lost).reason : 'never opened';
}

async function openDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('navigator.gpu.requestAdapter() gave no adapter');
  return adapter.requestDevice();
}
