// What a dispatch costs that waits for the one before it: the unit of every time loop.
import shader from './count_up.wgsl';
import { unroll } from '../../src/shader_text/unroll.ts';

/** Microseconds, each the least of several rounds, as the slope between a short chain and a long one. */
export interface DispatchCosts {
  /** A dispatch of one workgroup after another, in one pass. */
  readonly dependent: number;
  /** Likewise with 256 workgroups. */
  readonly dependentWide: number;
  /** Likewise with one workgroup, each dispatch in a pass of its own. */
  readonly ownPass: number;
  /** Encoding such a dispatch on the CPU, with a bind group set for each. */
  readonly encode: number;
  /** From submitting one dispatch to knowing that it has ended. */
  readonly submitAndWait: number;
  /** From submitting one dispatch to having its result on the CPU. */
  readonly submitAndRead: number;
}

const SHORT = 1000, LONG = 3000;
const ROUNDS = 5;
const WIDE = 256, WORKGROUP = 64;

export async function measureDispatches(device: GPUDevice): Promise<DispatchCosts> {
  const module = device.createShaderModule({ label: 'count up', code: unroll(shader.code) });
  const pipeline = await device.createComputePipelineAsync({ label: 'count up', layout: 'auto', compute: { module, entryPoint: 'count_up' } });
  const size = 4 * WIDE * WORKGROUP;
  const counts = device.createBuffer({ label: 'counts', size, usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  const staging = device.createBuffer({ label: 'counts read', size: 4, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const bindGroup = device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries: [{ binding: 0, resource: { buffer: counts } }] });
  let expected = 0;
  let encoding = Infinity;

  const encode = (dispatches: number, workgroups: number, ownPass: boolean): GPUCommandBuffer => {
    const begun = performance.now();
    const encoder = device.createCommandEncoder();
    let pass = encoder.beginComputePass();
    for (let k = 0; k < dispatches; k++) {
      if (ownPass && k > 0) {
        pass.end();
        pass = encoder.beginComputePass();
      }
      if (ownPass || k === 0) pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(workgroups);
    }
    pass.end();
    const commands = encoder.finish();
    if (!ownPass && dispatches === LONG) encoding = Math.min(encoding, (performance.now() - begun) / dispatches);
    expected += dispatches;
    return commands;
  };
  const wait = async (commands: GPUCommandBuffer): Promise<number> => {
    const begun = performance.now();
    device.queue.submit([commands]);
    await device.queue.onSubmittedWorkDone();
    return performance.now() - begun;
  };
  const slope = async (workgroups: number, ownPass: boolean): Promise<number> => {
    let [short, long] = [Infinity, Infinity];
    await wait(encode(SHORT, workgroups, ownPass));
    for (let round = 0; round < ROUNDS; round++) {
      short = Math.min(short, await wait(encode(SHORT, workgroups, ownPass)));
      long = Math.min(long, await wait(encode(LONG, workgroups, ownPass)));
    }
    return (1000 * (long - short)) / (LONG - SHORT);
  };
  const read = async (): Promise<number> => {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(counts, 0, staging, 0, 4);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(GPUMapMode.READ);
    const [count] = new Uint32Array(staging.getMappedRange().slice(0));
    staging.unmap();
    return count!;
  };

  const dependent = await slope(1, false);
  const dependentWide = await slope(WIDE, false);
  const ownPass = await slope(1, true);
  let [waited, reading] = [Infinity, Infinity];
  for (let round = 0; round < 4 * ROUNDS; round++) {
    waited = Math.min(waited, await wait(encode(1, 1, false)));
    const commands = encode(1, 1, false);
    const begun = performance.now();
    device.queue.submit([commands]);
    await read();
    reading = Math.min(reading, performance.now() - begun);
  }
  const counted = await read();
  if (counted !== expected) throw new Error(`a chain of ${expected} dispatches counted to ${counted}: they did not run one after another`);
  for (const buffer of [counts, staging]) buffer.destroy();
  return { dependent, dependentWide, ownPass, encode: 1000 * encoding, submitAndWait: 1000 * waited, submitAndRead: 1000 * reading };
}
