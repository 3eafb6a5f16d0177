import { adam, openDevice, type Gpu } from '../../src/index.ts';
import { createLanguageModel, createTrainer } from '../../src/language.ts';
import { characters } from '../../src/text.ts';
import { allocateProxy } from '../../src/gpu/memory.ts';
import { Recording } from '../../src/gpu/recording.ts';
import { Replay } from '../../src/gpu/submit.ts';
import { matmul, matrix } from '../../src/kernels/matmul.ts';

const [M, N, K] = [8, 4, 8];

/** The device's counts of pipelines made while the page waits, and of those made beside it. */
function counted({ device }: Gpu): { waiting: number; beside: number } {
  const counts = { waiting: 0, beside: 0 };
  const [waiting, beside] = [device.createComputePipeline.bind(device), device.createComputePipelineAsync.bind(device)];
  device.createComputePipeline = (descriptor) => (counts.waiting++, waiting(descriptor));
  device.createComputePipelineAsync = (descriptor) => (counts.beside++, beside(descriptor));
  return counts;
}

/** Three products, two of them alike. With `broken` the text of one has a type that is not there. */
async function products(gpu: Gpu, broken = false) {
  const [a, b, c] = [allocateProxy('a', [M, K], 'scratch'), allocateProxy('b', [N, K], 'scratch'), allocateProxy('c', [M, N], 'scratch')];
  gpu.memory.allocate([a.buffer, b.buffer, c.buffer]);
  gpu.write(a, new Float32Array(M * K).fill(2));
  gpu.write(b, new Float32Array(N * K).fill(3));
  const recording = new Recording();
  for (const form of ['nt', 'nt', 'tn'] as const) {
    if (form === 'nt') matmul(recording, { form, a: matrix(a, M, K), b: matrix(b, N, K), c: matrix(c, M, N), accumulate: true });
    else matmul(recording, { form, a: matrix(a, M, K), b: matrix({ ...a, shape: [K, N] }, K, N), c: matrix({ ...c, shape: [K, N] }, K, N), accumulate: true });
  }
  const [first] = recording.commands;
  if (broken && first?.kind === 'dispatch') {
    recording.commands[0] = { ...first, shader: { ...first.shader, code: first.shader.code.replace('fn store(', 'fn store(unknown_type: Nowhere, ') } };
  }
  return { recording, c };
}

/** Prepared twice at once, then replayed. */
export async function prepareTwice() {
  const gpu = await openDevice();
  const counts = counted(gpu);
  const { recording, c } = await products(gpu);
  await Promise.all([gpu.pipelines.prepare(recording.commands), gpu.pipelines.prepare(recording.commands)]);
  const prepared = gpu.pipelines.size;
  new Replay(gpu, recording, 'prepared').submit();
  return { ...counts, prepared, after: gpu.pipelines.size, c: [...(await gpu.read(c))] };
}

/** What is wrong is told by whoever needs it. */
export async function prepareBroken() {
  const gpu = await openDevice();
  const { recording } = await products(gpu, true);
  await gpu.pipelines.prepare(recording.commands);
  await gpu.check();
  const prepared = gpu.pipelines.size;
  new Replay(gpu, recording, 'broken');
  const error = await gpu.check().then(() => null, ({ name, message }: Error) => ({ name, message }));
  return { prepared, error };
}

/**
 * Two engines on an application's device, one after the other: pipelines made for each, what each computed, and what each says of a
 * broken shader.
 */
export async function openTwice() {
  const adapter = await navigator.gpu.requestAdapter();
  const device = await adapter!.requestDevice();
  const engines = [];
  for (let engine = 0; engine < 2; engine++) {
    const gpu = await openDevice({ device, tune: 'off' });
    const counts = counted(gpu);
    const { recording, c } = await products(gpu);
    new Replay(gpu, recording, 'whole').submit();
    const computed = [...(await gpu.read(c))];
    new Replay(gpu, (await products(gpu, true)).recording, 'broken');
    const broken = await gpu.check().then(() => null, ({ name }: Error) => name);
    gpu.destroy();
    engines.push({ made: counts.waiting + counts.beside, computed, broken });
  }
  return engines;
}

/** A training run and a generation, from nothing. */
export async function trainAndGenerate() {
  const gpu = await openDevice({ tune: 'off' });
  const counts = counted(gpu);
  const text = characters('to be or not to be, that is the question. '.repeat(4));
  const model = createLanguageModel(gpu, { vocabulary: text.vocabulary, layers: [{ cell: 'gru', hiddenSize: 8 }] });
  const trainer = createTrainer(model, { optimizer: adam(), batchSize: 4, timeSteps: 8 });
  for await (const _ of trainer.run(text, { steps: 2 }));
  const trained = { ...counts };
  for await (const _ of model.generate('to', { length: 20 }));
  return { trained, generated: counts, size: gpu.pipelines.size };
}

/** Ops that `tune` would measure of a trainer that has not run. */
export async function announced() {
  const gpu = await openDevice();
  const text = characters('to be or not to be, that is the question. '.repeat(4));
  createTrainer(createLanguageModel(gpu, { vocabulary: text.vocabulary, layers: [{ cell: 'gru', hiddenSize: 8 }] }), { optimizer: adam(), batchSize: 4, timeSteps: 8 });
  return [...gpu.tuning.requestedOps.keys()];
}

/** A device that goes away while pipelines are under way. */
export async function lostMeanwhile() {
  const gpu = await openDevice();
  const { recording } = await products(gpu);
  const preparing = gpu.pipelines.prepare(recording.commands);
  gpu.device.destroy();
  await preparing;
  await gpu.lost;
  try {
    new Replay(gpu, recording, 'lost');
    return null;
  } catch (error) {
    return (error as Error).name;
  }
}
