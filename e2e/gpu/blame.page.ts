import {
  adam, createAttention, createLinear, createLoss, createRecurrent, createOptimizer, openDevice, sgd, tune, type Gpu,
  type RecurrentPlan,
} from '../../src/index.ts';
import { createLanguageModel, createTrainer, evaluate } from '../../src/language.ts';
import { characters } from '../../src/text.ts';
import { randomArray } from './random_arrays.ts';
import { deviceWithLiveBuffers } from './live_buffers.ts';
import { thrown, type Thrown } from './thrown.ts';

const SIZES = { inputSize: 3, hiddenSize: 4 } as const;
const WINDOW = { timeSteps: 5, batchSize: 2, training: true } as const;
const input = randomArray(WINDOW.timeSteps * WINDOW.batchSize * SIZES.inputSize, 1);
const dOutput = randomArray(WINDOW.timeSteps * WINDOW.batchSize * SIZES.hiddenSize, 2);
const text = characters('to be or not to be, that is the question. '.repeat(10));

const network = (gpu: Gpu) => createRecurrent(gpu, { cell: 'gru', ...SIZES, seed: 3 });
const model = (gpu: Gpu) => createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding: 'one-hot', layers: [{ cell: 'lstm', hiddenSize: 8 }] });
const trainer = (gpu: Gpu, of = model(gpu)) => createTrainer(of, { optimizer: adam(), batchSize: 4, timeSteps: 8 });
const usage = () => GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST;

/** A GPU buffer of the input's size that is not there any more: only the GPU can tell. */
function destroyed(gpu: Gpu): GPUBuffer {
  const buffer = gpu.device.createBuffer({ label: 'gone', size: input.byteLength, usage: usage() });
  buffer.destroy();
  return buffer;
}

async function output(plan: RecurrentPlan): Promise<number[]> {
  plan.forward({ input });
  return [...(await plan.output.read())];
}

async function takeAll(run: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of run);
}

/** A bad command, with everything else on the device at work around it. */
export async function oneBadCommand() {
  const gpu = await openDevice();
  const [own, other] = [network(gpu), network(gpu)];
  const [bad, sibling, stranger] = [own.plan(WINDOW), own.plan(WINDOW), other.plan(WINDOW)];
  const training = trainer(gpu);
  const expected = await output(stranger);
  const before = bad.output.read();
  bad.forward({ input: destroyed(gpu) });
  const results = {
    before: await thrown(() => before),
    stranger: [...(await stranger.output.read())],
    sibling: await output(sibling),
    training: await thrown(() => takeAll(training.run(text, { steps: 3 }))),
    generation: await thrown(() => takeAll(training.model.generate('to', { length: 5 }))),
    // Two reads that depend on it, begun before either was told.
    own: await Promise.all([thrown(() => bad.output.read()), thrown(() => bad.hn.read())]),
    again: await thrown(() => bad.output.read()),
    checked: await thrown(() => gpu.check()),
    mended: await output(bad),
  };
  return { ...results, expected };
}

/** What follows from a refused command carries its error, over other objects, to the one that is read. */
export async function whatFollows() {
  const gpu = await openDevice();
  const lstm = network(gpu);
  const head = createLinear(gpu, { inputSize: 4, outputSize: 1 });
  const [plan, aside, rows] = [lstm.plan(WINDOW), lstm.plan(WINDOW), head.plan({ rows: 10 })];
  const loss = createLoss(gpu, { loss: 'mean_squared_error', timeSteps: 5, batchSize: 2, features: 1 });
  const optimizer = createOptimizer(gpu, [lstm, head], sgd({ learningRate: 0.1 }));
  const step = (source: Float32Array | GPUBuffer): void => {
    plan.forward({ input: source });
    rows.forward(plan.output);
    loss.run({ values: rows.output, targets: new Float32Array(10) });
    rows.backward(loss.gradient);
    plan.backward({ dOutput: rows.dInput });
    optimizer.step();
  };
  step(destroyed(gpu));
  const read = await thrown(() => loss.read());
  const after = await thrown(() => optimizer.norm.read());
  step(input);
  const good = await thrown(() => Promise.all([loss.read(), optimizer.norm.read(), lstm.parameters.weight_hh_l0!.read()]));
  // A backward pass beside a refused one adds to the same gradients, and is none the worse.
  aside.forward({ input });
  plan.forward({ input: destroyed(gpu) });
  plan.backward({ dOutput });
  aside.backward({ dOutput });
  const beside = await thrown(() => aside.dInput.read());
  const gradient = await thrown(() => lstm.gradients.weight_hh_l0!.read());
  return { read, after, good, beside, gradient, checked: await thrown(() => gpu.check()) };
}

/** What nobody reads is told by `check`, once. */
export async function unread() {
  const gpu = await openDevice();
  network(gpu).plan(WINDOW).forward({ input: destroyed(gpu) });
  return [await thrown(() => gpu.check()), await thrown(() => gpu.check())];
}

/** Sources that the call itself refuses, and those that it takes. */
export async function sources() {
  const gpu = await openDevice();
  const plan = network(gpu).plan(WINDOW);
  const expected = await output(plan);
  const make = (descriptor: Partial<GPUBufferDescriptor>) => gpu.device.createBuffer({ label: 'given', size: input.byteLength, usage: usage(), ...descriptor });
  const mapping = make({ usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const mapped = gpu.device.createBuffer({ label: 'given', size: input.byteLength, usage: GPUBufferUsage.MAP_WRITE | GPUBufferUsage.COPY_SRC, mappedAtCreation: true });
  const stranger = network(await openDevice()).plan(WINDOW);
  const at = async (source: GPUBuffer | RecurrentPlan['input']): Promise<Thrown | 'later' | null> => {
    try {
      plan.forward({ input: source });
    } catch (error) {
      const { name, message } = error as Error;
      return { name, message };
    }
    return (await thrown(() => plan.output.read())) && 'later';
  };
  const results = {
    mapped: await at(mapped),
    notASource: await at(mapping),
    small: await at(make({ size: 16 })),
    elsewhere: await at(stranger.input),
    elsewhereRaw: await at(stranger.input.buffer),
    gone: await at(destroyed(gpu)),
    itself: await at(plan.input),
    itselfRaw: await at(plan.input.buffer),
  };
  plan.forward({ input });
  plan.forward({ input: plan.input });
  const own = [...(await plan.output.read())];
  const lstm = createRecurrent(gpu, { cell: 'lstm', inputSize: 4, hiddenSize: 4 });
  const encoder = gpu.device.createCommandEncoder();
  const within = await thrown(() => lstm.parameters.weight_ih_l0!.take(lstm.parameters.weight_hh_l0!, encoder));
  return { results, own, expected, within, checked: await thrown(() => gpu.check()) };
}

/** Every object used after its own `destroy`, or after that of what it is made on. */
export async function destroyedObjects() {
  const gpu = await openDevice();
  const make = () => {
    const lstm = network(gpu);
    const [plan, stream, ran] = [lstm.plan(WINDOW), lstm.stream({ batchSize: 2 }), lstm.plan(WINDOW)];
    ran.forward({ input });
    const head = createLinear(gpu, { inputSize: 4, outputSize: 1 });
    const attention = createAttention(gpu, { score: 'dot', decoderSize: 4, encoderSize: 4 });
    const loss = createLoss(gpu, { loss: 'mean_squared_error', timeSteps: 5, batchSize: 2, features: 1 });
    const optimizer = createOptimizer(gpu, [lstm], adam());
    return { lstm, plan, ran, stream, head, rows: head.plan({ rows: 10 }), attention, looking: attention.plan({ timeSteps: 1, sourceTimeSteps: 2, batchSize: 1 }), loss, update: optimizer };
  };
  const cases: Record<string, (made: ReturnType<typeof make>) => unknown> = {
    plan: ({ plan }) => (plan.destroy(), plan.forward({ input })),
    planRead: ({ plan }) => (plan.destroy(), plan.output.read()),
    planBackward: ({ ran }) => (ran.destroy(), ran.backward({ dOutput })),
    planOfDestroyed: ({ lstm, plan }) => (lstm.destroy(), plan.forward({ input })),
    network: ({ lstm }) => (lstm.destroy(), lstm.plan(WINDOW)),
    networkRead: ({ lstm }) => (lstm.destroy(), lstm.parameters.weight_hh_l0!.read()),
    networkWrite: ({ lstm }) => (lstm.destroy(), lstm.parameters.weight_hh_l0!.write(new Float32Array(48))),
    networkZero: ({ lstm }) => (lstm.destroy(), lstm.zeroGradients()),
    stream: ({ stream }) => (stream.destroy(), stream.step(new Float32Array(6))),
    linear: ({ rows }) => (rows.destroy(), rows.forward(new Float32Array(40))),
    linearOfDestroyed: ({ head, rows }) => (head.destroy(), rows.forward(new Float32Array(40))),
    attention: ({ attention, looking }) => (attention.destroy(), looking.forward({ decoder: new Float32Array(4), encoder: new Float32Array(8) })),
    loss: ({ loss }) => (loss.destroy(), loss.run({ values: new Float32Array(10), targets: new Float32Array(10) })),
    lossRead: ({ loss }) => (loss.destroy(), loss.read()),
    update: ({ update }) => (update.destroy(), update.step()),
    updateOfDestroyed: ({ lstm, update }) => (lstm.destroy(), update.step()),
  };
  const results: Record<string, Thrown | null> = {};
  const leaked: Record<string, number> = {};
  for (const [name, body] of Object.entries(cases)) {
    const before = gpu.memory.report().totalBytes;
    const made = make();
    results[name] = await thrown(() => body(made));
    for (const object of Object.values(made)) object.destroy();
    leaked[name] = gpu.memory.report().totalBytes - before;
  }
  // Twice is once.
  const { plan, update, lstm } = make();
  for (const object of [plan, plan, update, update, lstm, lstm]) object.destroy();
  return { results, leaked, checked: await thrown(() => gpu.check()), output: await output(network(gpu).plan(WINDOW)) };
}

/** A model and a trainer that are destroyed in the midst of things. */
export async function destroyedMeanwhile() {
  const gpu = await openDevice();
  const results: Record<string, Thrown | null> = {
    modelGenerating: await thrown(async () => {
      const own = model(gpu);
      for await (const _ of own.generate('to', { length: 2000 })) own.destroy();
    }),
    modelInLoop: await thrown(async () => {
      const own = trainer(gpu);
      for await (const _ of own.run(text)) own.model.destroy();
    }),
    modelBetweenRuns: await thrown(async () => {
      const own = trainer(gpu);
      await takeAll(own.run(text, { steps: 2 }));
      own.model.destroy();
      await takeAll(own.run(text, { steps: 2 }));
    }),
    modelBeforeTrainer: await thrown(() => {
      const own = model(gpu);
      own.destroy();
      trainer(gpu, own);
    }),
    trainerInLoop: await thrown(async () => {
      const own = trainer(gpu);
      for await (const _ of own.run(text)) own.destroy();
    }),
    trainerBetweenRuns: await thrown(async () => {
      const own = trainer(gpu);
      await takeAll(own.run(text, { steps: 2 }));
      own.destroy();
      await takeAll(own.run(text, { steps: 2 }));
    }),
    trainerEvaluating: await thrown(async () => {
      const own = trainer(gpu);
      await own.evaluate(text, { windows: 1 });
      const evaluation = own.evaluate(text);
      await Promise.resolve();
      own.destroy();
      await evaluation;
    }),
    trainerBeforeEvaluating: await thrown(async () => {
      const own = trainer(gpu);
      own.destroy();
      await own.evaluate(text);
    }),
    trainerCheckpoint: await thrown(async () => {
      const own = trainer(gpu);
      own.destroy();
      await own.checkpoint();
    }),
  };
  return { results, checked: await thrown(() => gpu.check()), after: await thrown(() => takeAll(trainer(gpu).run(text, { steps: 2 }))) };
}

/** `tune` beside a command that another object got wrong. */
export async function tuneBeside() {
  const gpu = await openDevice({ tune: 'cached', tuningFile: '/dev/null' });
  const plan = network(gpu).plan({ timeSteps: 1, batchSize: 1 });
  plan.forward({ input: destroyed(gpu) });
  return { tuned: await thrown(() => tune(gpu)), own: await thrown(() => plan.output.read()) };
}

/** Objects whose memory the GPU refuses, of a size that makes it do so, then the same at their own size. */
export async function refusedMemory() {
  const gpu = await openDevice();
  const { device } = gpu;
  const create = device.createBuffer.bind(device);
  let refused = '';
  device.createBuffer = (descriptor) => create(descriptor.label === refused ? { ...descriptor, size: 2 ** 45 } : descriptor);
  const lstm = network(gpu);
  const trained = model(gpu);
  const objects: Record<string, [label: string, use: () => unknown]> = {
    model: ['model.gradients', async () => void (await model(gpu).save())],
    trainer: ['targets', async () => takeAll(createTrainer(trained, { optimizer: adam(), batchSize: 4, timeSteps: 8 }).run(text, { steps: 1 }))],
    plan: ['hn', () => output(lstm.plan(WINDOW))],
    network: ['gru.gradients', async () => void (await network(gpu).parameters.weight_hh_l0!.read())],
    stream: ['stream c', () => { const stream = lstm.stream({ batchSize: 2 }); stream.step(new Float32Array(6)); return stream.h.read(); }],
    update: ['gradient norm', () => { const optimizer = createOptimizer(gpu, [lstm], adam()); optimizer.step(); return optimizer.norm.read(); }],
    generation: ['stream logits', () => takeAll(trained.generate('to', { length: 5 }))],
    evaluation: ['logits', () => evaluate(trained, text, { batchSize: 4, timeSteps: 8 })],
  };
  const results: Record<string, { first: Thrown | null; bytes: number; checked: Thrown | null; again: Thrown | null }> = {};
  for (const [name, [label, use]] of Object.entries(objects)) {
    const before = gpu.memory.report().totalBytes;
    refused = label;
    const first = await thrown(use);
    const checked = await thrown(() => gpu.check());
    refused = '';
    results[name] = { first, bytes: gpu.memory.report().totalBytes - before, checked, again: await thrown(use) };
  }
  return results;
}

/** What a plan says that goes on being used after its memory was refused. */
export async function usedAfterRefusal() {
  const gpu = await openDevice();
  const { device } = gpu;
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => create(descriptor.label === 'hn' ? { ...descriptor, size: 2 ** 45 } : descriptor);
  const plan = network(gpu).plan(WINDOW);
  await device.queue.onSubmittedWorkDone();
  const first = await thrown(() => output(plan));
  const then = await thrown(() => plan.forward({ input }));
  plan.destroy();
  return { first, then };
}

/** GPU buffers that `gpu.destroy()` leaves on an application's device, and bytes that generations left in the midst keep. */
export async function left() {
  const { device, live } = await deviceWithLiveBuffers();
  const gpu = await openDevice({ device });
  const training = trainer(gpu);
  await takeAll(training.run(text, { steps: 2 }));
  await training.evaluate(text, { windows: 1 });
  const own = training.model;
  const before = { buffers: live.size, bytes: gpu.memory.report().totalBytes };
  const after: Record<string, { buffers: number; bytes: number; said: Thrown | null }> = {};
  const generations: Record<string, () => Promise<void>> = {
    whole: () => takeAll(own.generate('to', { length: 40 })),
    left: async () => {
      for await (const _ of own.generate('to', { length: 400 })) break;
    },
    aborted: async () => {
      const abort = new AbortController();
      for await (const _ of own.generate('to', { length: 400, signal: abort.signal })) abort.abort();
    },
    thrown: async () => {
      for await (const _ of own.generate('to', { length: 400 })) throw new Error('enough');
    },
    refused: () => takeAll(own.generate('to', { length: 40, temperature: -1 })),
    failed: async () => {
      const submit = device.queue.submit.bind(device.queue);
      let submits = 0;
      device.queue.submit = (buffers) => {
        if (++submits === 3) throw new Error('the queue is closed');
        return submit(buffers);
      };
      try {
        await takeAll(own.generate('to', { length: 400 }));
      } finally {
        device.queue.submit = submit;
      }
    },
  };
  for (const [name, generation] of Object.entries(generations)) {
    after[name] = { said: await thrown(generation), buffers: live.size - before.buffers, bytes: gpu.memory.report().totalBytes - before.bytes };
  }
  network(gpu).plan(WINDOW);
  gpu.destroy();
  return { after, live: live.size };
}
