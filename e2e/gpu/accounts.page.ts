// What every public object says that it takes, what the device holds of it, and what is left when it is destroyed.
import {
  adam, createAttention, createLinear, createLoss, createRecurrent, createOptimizer, openDevice, rmsprop, sgd, type Gpu,
  type MemoryPlan, type PlanOptions, type RecurrentOptions,
} from '../../src/index.ts';
import { createLanguageModel, createTrainer, evaluate, loadLanguageModel } from '../../src/language.ts';
import { characters } from '../../src/text.ts';
import { randomArray } from './random_arrays.ts';
import { deviceWithLiveBuffers } from './live_buffers.ts';

const [T, N, I, H, S] = [4, 3, 5, 6, 7];
const text = characters('to be or not to be, that is the question. '.repeat(8));

interface Made {
  /** What it says of its bytes; null of an object that says nothing. */
  readonly memory: MemoryPlan | null;
  use(): unknown;
  destroy(): void;
}

async function drain(run: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of run);
}

const model = (gpu: Gpu) => createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding: { size: 5 }, layers: [{ cell: 'lstm', hiddenSize: 7, dropout: 0.1 }, { cell: 'gru', hiddenSize: 6 }] });

/** A plan of a network, which goes with it. */
function planned(gpu: Gpu, options: Partial<RecurrentOptions>, plan: Partial<PlanOptions>): Made {
  const network = createRecurrent(gpu, { cell: 'lstm', inputSize: I, hiddenSize: H, ...options });
  const made = network.plan({ timeSteps: T, batchSize: N, training: true, ...plan });
  const own = made.memory;
  // The network's parameters and gradients are no part of the plan.
  const weights = network.weights.buffers.reduce((sum, { bytes }) => sum + bytes, 0);
  return {
    memory: { ...own, totalBytes: own.totalBytes + weights },
    use: async () => {
      made.forward({ input: randomArray(T * N * I, 1) });
      if (plan.training !== false) made.backward({ dOutput: randomArray(made.output.shape.reduce((a, b) => a * b, 1), 2) });
      if (plan.trace) await made.readTrace();
      await made.output.read();
    },
    destroy: () => network.destroy(),
  };
}

/** A plan that is destroyed by itself, before its layer. */
function apart<P extends { readonly memory: MemoryPlan; destroy(): void }>(layer: { readonly weights: { readonly buffers: readonly { readonly bytes: number }[] }; destroy(): void }, plan: P, use: () => unknown): Made {
  const weights = layer.weights.buffers.reduce((sum, { bytes }) => sum + bytes, 0);
  return { memory: { ...plan.memory, totalBytes: plan.memory.totalBytes + weights }, use, destroy: () => (plan.destroy(), layer.destroy()) };
}

const makers: Record<string, (gpu: Gpu) => Made | Promise<Made>> = {
  'a plan': (gpu) => planned(gpu, {}, {}),
  'a plan without training': (gpu) => planned(gpu, { numLayers: 2 }, { training: false }),
  'a plan of everything': (gpu) => planned(gpu, { numLayers: 2, direction: 'bidirectional', batchFirst: true, dropout: 0.2, recurrentDropout: 0.2, zoneout: { h: 0.1 } }, { ragged: true }),
  'a plan of sums, traced': (gpu) => planned(gpu, { cell: 'gru', layerNorm: true }, { ragged: true, trace: true }),
  'a plan merged': (gpu) => planned(gpu, { cell: 'gru_reset_before', direction: 'bidirectional', merge: 'mean', bias: false }, {}),
  'a plan projected and checkpointed': (gpu) => planned(gpu, { numLayers: 2, projSize: 3 }, { checkpointEvery: 2 }),
  'a stream': (gpu) => {
    const network = createRecurrent(gpu, { cell: 'lstm', inputSize: I, hiddenSize: H, numLayers: 2 });
    const stream = network.stream({ batchSize: N });
    return {
      memory: null,
      use: async () => {
        stream.step(randomArray(N * I, 1));
        stream.restore(await stream.snapshot());
        stream.reorder([2, 0, 0]);
        const twin = stream.fork();
        twin.step(randomArray(N * I, 2));
        await twin.output.read();
        twin.destroy();
        stream.reset();
      },
      destroy: () => (stream.destroy(), network.destroy()),
    };
  },
  'a linear layer': (gpu) => {
    const layer = createLinear(gpu, { inputSize: I * 2, outputSize: H });
    const plan = layer.plan({ rows: N, parts: 2 });
    return apart(layer, plan, () => {
      plan.forward(randomArray(N * I * 2, 1));
      plan.backward(randomArray(N * H, 2));
      return plan.dInput.read();
    });
  },
  attention: (gpu) => {
    const layer = createAttention(gpu, { score: 'general', decoderSize: H, encoderSize: I });
    const plan = layer.plan({ timeSteps: T, sourceTimeSteps: S, batchSize: N, training: true });
    return apart(layer, plan, () => {
      plan.forward({ decoder: randomArray(T * N * H, 1), encoder: randomArray(S * N * I, 2), lengths: [7, 0, 3] });
      plan.backward(randomArray(T * N * H, 3));
      return plan.dEncoder.read();
    });
  },
  'attention that goes with its layer': (gpu) => {
    const layer = createAttention(gpu, { score: 'dot', decoderSize: H, encoderSize: H });
    const plan = layer.plan({ timeSteps: T, sourceTimeSteps: S, batchSize: N });
    return { ...apart(layer, plan, () => plan.forward({ decoder: randomArray(T * N * H, 1), encoder: randomArray(S * N * H, 2) })), destroy: () => layer.destroy() };
  },
  ...Object.fromEntries((['cross_entropy', 'mean_squared_error', 'binary_cross_entropy'] as const).map((name) => [`a loss, ${name}`, (gpu: Gpu): Made => {
    const loss = createLoss(gpu, { loss: name, timeSteps: T, batchSize: N, features: I, weighted: true, ragged: true, ...(name === 'cross_entropy' && { classWeights: new Float32Array(I).fill(1) }) });
    const targets = name === 'cross_entropy' ? new Uint32Array(T * N) : new Float32Array(T * N * I);
    return { memory: loss.memory, use: () => (loss.run({ values: randomArray(T * N * I, 1), targets, weights: new Float32Array(T * N).fill(1), lengths: [1, 4, 0] }), loss.read()), destroy: () => loss.destroy() };
  }])),
  ...Object.fromEntries(Object.entries({ adam, rmsprop: () => rmsprop({ centered: true, momentum: 0.5 }), sgd }).map(([name, rule]) => [`an optimizer, ${name}`, (gpu: Gpu): Made => {
    const layers = [createLinear(gpu, { inputSize: I, outputSize: H }), createLinear(gpu, { inputSize: H, outputSize: I })];
    const optimizer = createOptimizer(gpu, layers, rule());
    const weights = layers.flatMap((layer) => layer.weights.buffers).reduce((sum, { bytes }) => sum + bytes, 0);
    return {
      memory: { ...optimizer.memory, totalBytes: optimizer.memory.totalBytes + weights },
      use: async () => {
        optimizer.step();
        optimizer.restore(await optimizer.save());
        await optimizer.read();
      },
      destroy: () => {
        optimizer.destroy();
        for (const layer of layers) layer.destroy();
      },
    };
  }])),
  'a model': (gpu) => {
    const own = model(gpu);
    return {
      memory: own.memory,
      use: async () => {
        own.load(await own.save());
        await drain(own.generateMany(['to', 'be or'], { length: 18 }));
        await evaluate(own, text, { batchSize: 2, timeSteps: 8, windows: 2 });
        loadLanguageModel(gpu, await own.save()).destroy();
      },
      destroy: () => own.destroy(),
    };
  },
  ...Object.fromEntries(Object.entries({ ' of text': {}, ', traced': { trace: true }, ', back over more steps': { backTimeSteps: 9, stateful: false } }).map(([name, options]) => [`a trainer${name}`, (gpu: Gpu): Made => {
    const trainer = createTrainer(model(gpu), { optimizer: adam(), batchSize: N, timeSteps: T, ...options });
    return {
      memory: trainer.memory,
      use: async () => {
        await drain(trainer.run(text, { steps: 3 }));
        for await (const _ of trainer.run(text)) break;
        trainer.restore(await trainer.checkpoint());
        if (name === ', traced') await trainer.readTrace();
      },
      destroy: () => (trainer.destroy(), trainer.model.destroy()),
    };
  }])),
  // Its first evaluation takes memory of its own, which is no part of a training step.
  'a trainer that evaluates': (gpu) => {
    const trainer = createTrainer(model(gpu), { optimizer: adam(), batchSize: N, timeSteps: T });
    const use = () => trainer.evaluate(text, { windows: 3 });
    return use().then(() => ({ memory: null, use, destroy: () => (trainer.destroy(), trainer.model.destroy()) }));
  },
};

export interface Account {
  /** Bytes that the object says it takes, its operators' parameters included. */
  readonly declared: number | null;
  /** Bytes of the storage buffers that the device has for it: made, and after it was used twice. */
  readonly made: number;
  readonly used: number;
  /** By the engine's own account. */
  readonly reported: number;
  /** Purposes' bytes in its plan add up to what its buffers take. */
  readonly adds: boolean;
  /** GPU buffers of any kind, and storage bytes by the engine's account, that its end leaves. */
  readonly left: { readonly buffers: number; readonly bytes: number };
  /** GPU buffers that the second use took and did not give back. */
  readonly grown: number;
}

/** Of the objects whose name begins so. */
export async function accounts(begins: readonly string[]): Promise<Record<string, Account>> {
  const { device, live } = await deviceWithLiveBuffers();
  const gpu = await openDevice({ device });
  const stored = (): number => [...live].filter(({ usage }) => usage & GPUBufferUsage.STORAGE).reduce((sum, { size }) => sum + size, 0);
  const results: Record<string, Account> = {};
  for (const [name, make] of Object.entries(makers)) {
    if (!begins.some((word) => name.startsWith(word))) continue;
    const before = { buffers: live.size, bytes: gpu.memory.report().totalBytes, stored: stored() };
    const object = await make(gpu);
    const made = stored() - before.stored;
    const reported = gpu.memory.report().totalBytes - before.bytes;
    await object.use();
    const once = live.size;
    await object.use();
    const used = stored() - before.stored;
    const grown = live.size - once;
    await gpu.check();
    object.destroy();
    const { memory } = object;
    results[name] = {
      declared: memory && memory.totalBytes,
      made, used, reported, grown,
      adds: memory === null || Object.values(memory.byPurpose).reduce((a, b) => a + b, 0) === memory.buffers.reduce((sum, { bytes }) => sum + bytes, 0),
      left: { buffers: live.size - before.buffers, bytes: gpu.memory.report().totalBytes - before.bytes },
    };
  }
  gpu.destroy();
  return results;
}
