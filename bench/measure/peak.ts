// What the adapter can do at most, and what the engine's matrix product makes of it.

import { allocateProxy } from '../../src/gpu/memory.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { Replay } from '../../src/gpu/submit.ts';
import type { Gpu } from '../../src/index.ts';
import { matmul, matrix } from '../../src/kernels/matmul.ts';
import { uniform } from '../workload.ts';

export interface PeakFigures {
  /** Multiply-adds of straight-line chains, in GFLOP/s (two operations each): of as many side by side as do best. */
  readonly multiplyAdd: number;
  readonly chains: number;
  /** The engine's matrix products, fastest first. */
  readonly products: readonly { readonly form: 'nn' | 'nt' | 'tn'; readonly M: number; readonly N: number; readonly K: number; readonly gflops: number }[];
}

/**
 * Chains that do not wait for each other, tried one after another: few wait for themselves, many do not fit in the registers. Their length in
 * the loop's body. Every value is a `let`: a `var` would be loaded and stored, and so would a param in each term.
 */
const CHAINS = [4, 6, 8, 10, 12], LENGTH = 64, WORKGROUP = 64, WORKGROUPS = 8192;
const ROUNDS = 4;
/** A round lasts at least so long, in ms. */
const ROUND = 120;
/** x ← x·A + B stays between 0 and B / (1 - A), however often. */
const A = 0.99951171875, B = 0.00048828125;

export async function measurePeak(gpu: Gpu): Promise<PeakFigures> {
  let [multiplyAdd, chains] = [0, 0];
  for (const count of CHAINS) {
    const rate = await measureChains(gpu.device, count);
    if (rate > multiplyAdd) [multiplyAdd, chains] = [rate, count];
  }
  const products = [];
  // The products of S and M: input and hidden to gates, and back; the weights' gradients.
  for (const [form, M, N, K] of [['nn', 2048, 512, 128], ['nt', 2048, 512, 128], ['nn', 2048, 128, 512], ['tn', 512, 128, 2048],
    ['nt', 2048, 1024, 256], ['nn', 2048, 256, 1024], ['tn', 1024, 256, 2048]] as const) {
    products.push({ form, M, N, K, gflops: await measureProduct(gpu, form, M, N, K) });
  }
  return { multiplyAdd, chains, products: products.sort((a, b) => b.gflops - a.gflops) };
}

async function measureChains(device: GPUDevice, chains: number): Promise<number> {
  const module = device.createShaderModule({ label: 'multiply-add chains', code: chainsOf(chains) });
  const pipeline = await device.createComputePipelineAsync({ label: 'multiply-add chains', layout: 'auto', compute: { module, entryPoint: 'main' } });
  const threads = WORKGROUPS * WORKGROUP;
  const out = device.createBuffer({ label: 'chains', size: threads * 4, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC });
  const params = device.createBuffer({ label: 'chains params', size: 16, usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST });
  const bindGroup = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: out } }, { binding: 1, resource: { buffer: params } }],
  });
  const run = async (iterations: number): Promise<number> => {
    const block = new DataView(new ArrayBuffer(16));
    block.setUint32(0, iterations, true);
    block.setFloat32(4, A, true);
    block.setFloat32(8, B, true);
    device.queue.writeBuffer(params, 0, block.buffer); // Dawn for Node takes no DataView
    await device.queue.onSubmittedWorkDone();
    const begun = performance.now();
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, bindGroup);
    pass.dispatchWorkgroups(WORKGROUPS);
    pass.end();
    device.queue.submit([encoder.finish()]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - begun;
  };
  let iterations = 1;
  for (let time = await run(1); (time = await run(iterations)) < ROUND && iterations < 1 << 16;) iterations *= time < ROUND / 4 ? 4 : 2;
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, await run(iterations));
  await expectChains(device, out, chains, iterations);
  for (const buffer of [out, params]) buffer.destroy();
  return (2 * chains * LENGTH * iterations * threads) / best / 1e6;
}

/** So many chains of `LENGTH` multiply-adds in straight lines, looped. */
function chainsOf(chains: number): string {
  const lines: string[] = [];
  const each = (line: (chain: number) => string): void => { for (let c = 0; c < chains; c++) lines.push(line(c)); };
  each((c) => `  var x_${c} = f32(id.x % 64u) * ${(1 / 64).toFixed(8)} + ${(c / chains).toFixed(5)};`);
  lines.push('  let a = params.a;', '  let b = params.b;');
  lines.push('  for (var k = 0u; k < params.iterations; k += 1u) {');
  each((c) => `    let v_${c}_0 = x_${c};`);
  for (let i = 1; i <= LENGTH; i++) each((c) => `    let v_${c}_${i} = v_${c}_${i - 1} * a + b;`);
  each((c) => `    x_${c} = v_${c}_${LENGTH};`);
  lines.push('  }', `  out[id.x] = ${Array.from({ length: chains }, (_, c) => `x_${c}`).join(' + ')};`);
  return `struct Params { iterations: u32, a: f32, b: f32 }
@group(0) @binding(0) var<storage, read_write> out: array<f32>;
@group(0) @binding(1) var<uniform> params: Params;

@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(global_invocation_id) id: vec3u) {
${lines.join('\n')}
}
`;
}

/** The chains' closed form: x after n steps is A^n·x + (1 - A^n), since B = 1 - A. */
async function expectChains(device: GPUDevice, out: GPUBuffer, chains: number, iterations: number): Promise<void> {
  const staging = device.createBuffer({ size: 256, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(out, 0, staging, 0, 256);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  const decay = A ** (LENGTH * iterations);
  values.forEach((value, id) => {
    let expected = 0;
    for (let c = 0; c < chains; c++) expected += decay * (id / 64 + c / chains) + (1 - decay);
    if (!(Math.abs(value / expected - 1) < 1e-3)) throw new Error(`the multiply-add chains give ${value} in thread ${id}, expected ${expected}: their time means nothing`);
  });
}

async function measureProduct(gpu: Gpu, form: 'nn' | 'nt' | 'tn', M: number, N: number, K: number): Promise<number> {
  const [aShape, bShape] = [form === 'tn' ? [K, M] : [M, K], form === 'nt' ? [N, K] : [K, N]] as [[number, number], [number, number]];
  const a = allocateProxy('peak a', aShape, 'input');
  const b = allocateProxy('peak b', bShape, 'input');
  const c = allocateProxy('peak c', [M, N], 'result');
  gpu.memory.allocate([a.buffer, b.buffer, c.buffer]);
  const random = uniform(3);
  const [aValues, bValues] = [a, b].map(({ shape }) => Float32Array.from({ length: shape[0]! * shape[1]! }, () => 2 * random() - 1)) as [Float32Array, Float32Array];
  gpu.write(a, aValues);
  gpu.write(b, bValues);
  const recording = new Recording(gpu.tiles);
  matmul(recording, { form, a: matrix(a, ...aShape), b: matrix(b, ...bShape), c: matrix(c, M, N) });
  const replay = new Replay(gpu, recording, 'peak product');
  const run = async (times: number): Promise<number> => {
    const begun = performance.now();
    gpu.submit('peak product', (encoder) => { for (let k = 0; k < times; k++) replay.encode(encoder); });
    await gpu.device.queue.onSubmittedWorkDone();
    return performance.now() - begun;
  };
  await run(1);
  const times = Math.min(1000, Math.max(2, Math.ceil(ROUND / (await run(1)))));
  let best = Infinity;
  for (let round = 0; round < ROUNDS; round++) best = Math.min(best, (await run(times)) / times);
  const values = await gpu.read(c);
  for (const [m, n] of [[0, 0], [M - 1, N - 1], [M >> 1, N >> 1], [7, N - 3]] as const) {
    let expected = 0;
    for (let k = 0; k < K; k++) expected += aValues[form === 'tn' ? k * M + m : m * K + k]! * bValues[form === 'nt' ? n * K + k : k * N + n]!;
    if (!(Math.abs(values[m * N + n]! - expected) < 1e-5 * K)) throw new Error(`the product ${form} gives ${values[m * N + n]} at [${m},${n}], expected ${expected}`);
  }
  replay.destroy();
  gpu.memory.free([a.buffer, b.buffer, c.buffer]);
  return (2 * M * N * K) / best / 1e6;
}
