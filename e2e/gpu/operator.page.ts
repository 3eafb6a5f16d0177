import { createRecurrent, openDevice } from '../../src/index.ts';
import { randomArray } from './random_arrays.ts';

const SHAPE = { inputSize: 6, hiddenSize: 10, numLayers: 2 };
const WINDOW = { timeSteps: 5, batchSize: 3, training: true };
const state = SHAPE.numLayers * WINDOW.batchSize * SHAPE.hiddenSize;

function data() {
  return {
    input: randomArray(WINDOW.timeSteps * WINDOW.batchSize * SHAPE.inputSize, 1),
    h0: randomArray(state, 2),
    c0: randomArray(state, 3),
    dOutput: randomArray(WINDOW.timeSteps * WINDOW.batchSize * SHAPE.hiddenSize, 4),
    dHn: randomArray(state, 5),
    dCn: randomArray(state, 6),
  };
}

async function applicationDevice(): Promise<GPUDevice> {
  const adapter = await navigator.gpu.requestAdapter();
  if (!adapter) throw new Error('no adapter');
  return adapter.requestDevice({ label: "the application's own" });
}

/** The same passes three ways: typed arrays and this engine's submits; GPU buffers; all in the application's own encoder. */
export async function threeWays(): Promise<{ output: Float32Array; dInput: Float32Array; gradient: Float32Array }[]> {
  const device = await applicationDevice();
  const gpu = await openDevice({ device });
  const { input, h0, c0, dOutput, dHn, dCn } = data();
  const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;
  const own = (values: Float32Array): GPUBuffer => {
    const buffer = device.createBuffer({ size: values.byteLength, usage });
    device.queue.writeBuffer(buffer, 0, values as Float32Array<ArrayBuffer>);
    return buffer;
  };
  const results = [];
  for (const way of ['arrays', 'buffers', 'encoder']) {
    const lstm = createRecurrent(gpu, { cell: 'lstm', ...SHAPE, seed: 8 });
    const plan = lstm.plan(WINDOW);
    if (way === 'arrays') {
      plan.forward({ input, h0, c0 });
      plan.backward({ dOutput, dHn, dCn });
    } else if (way === 'buffers') {
      plan.forward({ input: own(input), h0: own(h0), c0: own(c0) });
      plan.backward({ dOutput: own(dOutput), dHn: own(dHn), dCn: own(dCn) });
    } else {
      const encoder = device.createCommandEncoder();
      plan.encodeForward(encoder, { input: own(input), h0: own(h0), c0: own(c0) });
      plan.encodeBackward(encoder, { dOutput: own(dOutput), dHn: own(dHn), dCn: own(dCn) });
      device.queue.submit([encoder.finish()]);
    }
    results.push({ output: await plan.output.read(), dInput: await plan.dInput.read(), gradient: await lstm.gradients.weight_ih_l1!.read() });
    lstm.destroy();
  }
  if (gpu.memory.report().totalBytes !== 0) throw new Error('destroying the networks left memory behind');
  gpu.destroy();
  // The application's device survives the engine's end.
  const alive = device.createBuffer({ size: 16, usage });
  device.queue.writeBuffer(alive, 0, new Float32Array(4));
  await device.queue.onSubmittedWorkDone();
  return results;
}

/** Two backward passes add up; zeroGradients starts again. */
export async function accumulation(): Promise<{ once: Float32Array; twice: Float32Array; cleared: Float32Array }> {
  const gpu = await openDevice();
  const lstm = createRecurrent(gpu, { cell: 'lstm', ...SHAPE, seed: 8 });
  const plan = lstm.plan(WINDOW);
  const { input, dOutput } = data();
  const pass = (): void => {
    plan.forward({ input });
    plan.backward({ dOutput });
  };
  pass();
  const once = await lstm.gradients.weight_hh_l0!.read();
  pass();
  const twice = await lstm.gradients.weight_hh_l0!.read();
  lstm.zeroGradients();
  return { once, twice, cleared: await lstm.gradients.weight_hh_l0!.read() };
}

/** The plan's bytes, by its own account and by what the device holds after it. */
export async function memory() {
  const gpu = await openDevice();
  const lstm = createRecurrent(gpu, { cell: 'lstm', ...SHAPE });
  const before = gpu.memory.report().totalBytes;
  const plan = lstm.plan(WINDOW);
  const planned = plan.memory;
  const after = gpu.memory.report().totalBytes;
  plan.destroy();
  const freed = gpu.memory.report().totalBytes;
  return { planned, allocated: after - before, freed: freed - before };
}

/** Kernel times of a forward pass, where the adapter has timestamps, and the milliseconds that measuring them took. */
export async function kernelTimes() {
  const gpu = await openDevice();
  if (!gpu.device.features.has('timestamp-query')) return null;
  const lstm = createRecurrent(gpu, { cell: 'lstm', ...SHAPE });
  const plan = lstm.plan(WINDOW);
  plan.forward({ input: data().input });
  await gpu.device.queue.onSubmittedWorkDone();
  const begun = performance.now();
  const times = await plan.profile('forward');
  return { times, milliseconds: performance.now() - begun };
}
