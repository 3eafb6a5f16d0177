// What `trace: true` costs: the same passes of one operator with it and without, in the page of bench/trace.mjs.

import { createRecurrent, openDevice, type CellName, type Gpu, type RecurrentPlan } from '../src/index.ts';
import { randomUniform } from '../src/layers/random.ts';

/** The operator of configuration S: its one-hot vocabulary as the input size. */
const SIZES = { inputSize: 64, hiddenSize: 128, numLayers: 1 } as const;
const WINDOW = { timeSteps: 64, batchSize: 32, training: true } as const;

export type Which = 'plain' | 'traced';

let gpu: Gpu;
let plans: Readonly<Record<Which, RecurrentPlan>>;
/** dL/doutput, which a traced backward pass needs anew. */
let upstream: GPUBuffer;

/** Make both plans and run each once, which compiles their kernels. Resolves with the adapter's name. */
export async function open(cell: CellName): Promise<string> {
  gpu = await openDevice();
  const network = createRecurrent(gpu, { ...SIZES, cell, seed: 1 });
  const draw = (count: number): Float32Array<ArrayBuffer> => Float32Array.from({ length: count }, (_, i) => 2 * randomUniform(1, 0, i) - 1);
  plans = { plain: network.plan(WINDOW), traced: network.plan({ ...WINDOW, trace: true }) };
  const dOutput = draw(WINDOW.timeSteps * WINDOW.batchSize * SIZES.hiddenSize);
  upstream = gpu.device.createBuffer({ size: dOutput.byteLength, usage: GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST });
  gpu.device.queue.writeBuffer(upstream, 0, dOutput);
  for (const plan of Object.values(plans)) {
    plan.forward({ input: draw(WINDOW.timeSteps * WINDOW.batchSize * SIZES.inputSize) });
    plan.backward({ dOutput: upstream });
  }
  await gpu.device.queue.onSubmittedWorkDone();
  return gpu.adapter.name;
}

export interface Measured {
  /** Milliseconds of one step, forward and backward; nothing is uploaded or read back. */
  readonly passed: number;
  /** Milliseconds of one step by pass and kernel, from timestamps around every dispatch; null where the device has none. */
  readonly kernels: Readonly<Record<string, number>> | null;
}

export async function measure(which: Which): Promise<Measured> {
  const plan = plans[which];
  const start = performance.now();
  gpu.submit('forward', (encoder) => plan.encodeForward(encoder));
  gpu.submit('backward', (encoder) => plan.encodeBackward(encoder, { dOutput: upstream }));
  await gpu.device.queue.onSubmittedWorkDone();
  const passed = performance.now() - start;
  if (!gpu.device.features.has('timestamp-query')) return { passed, kernels: null };
  const kernels: Record<string, number> = {};
  for (const pass of ['forward', 'backward'] as const) {
    for (const { label, milliseconds } of await plan.profile(pass)) kernels[`${pass} ${label}`] = milliseconds;
  }
  return { passed, kernels };
}

export function close(): void {
  gpu.destroy();
}
