import {
  adam, createAttention, createLinear, createLoss, createRecurrent, createOptimizer, openDevice, rmsprop, type BackwardInputs,
  type ForwardInputs, type Gpu, type GpuArray, type PlanOptions, type RecurrentOptions,
} from '../../src/index.ts';
import { createLanguageModel, createTrainer, evaluate } from '../../src/language.ts';
import { characters } from '../../src/text.ts';
import { randomArray } from './random_arrays.ts';

const [T, N, I, H, S] = [5, 3, 4, 6, 7];

/** What an object gave, by the name of each array. */
type Results = Record<string, readonly number[]>;

/** A pass that an object is used for first, and the one after it, which must be as a fresh object's. */
interface Reuse {
  readonly first: Results;
  readonly again: Results;
  readonly fresh: Results;
}

async function arrays(given: Record<string, GpuArray>): Promise<Results> {
  const values = await Promise.all(Object.entries(given).map(async ([name, array]) => [name, [...(await array.read())]] as const));
  return Object.fromEntries(values);
}

/** `make` an object, use it as `first` and `then` as the second; and another as `then` alone. */
async function reuse<O>(make: () => O, first: (object: O) => Promise<Results>, then: (object: O) => Promise<Results>): Promise<Reuse> {
  const used = make();
  return { first: await first(used), again: await then(used), fresh: await then(make()) };
}

const networks: Record<string, [RecurrentOptions, Omit<PlanOptions, 'timeSteps' | 'batchSize'>]> = {
  'lstm': [{ cell: 'lstm', inputSize: I, hiddenSize: H, numLayers: 2 }, {}],
  'lstm, both ways, ragged': [{ cell: 'lstm', inputSize: I, hiddenSize: H, numLayers: 2, direction: 'bidirectional' }, { ragged: true }],
  'lstm, both ways added, batch first': [{ cell: 'lstm', inputSize: I, hiddenSize: H, direction: 'bidirectional', merge: 'sum', batchFirst: true }, { ragged: true }],
  'lstm, projected': [{ cell: 'lstm', inputSize: I, hiddenSize: H, projSize: 2 }, { ragged: true }],
  'lstm, normalized': [{ cell: 'lstm', inputSize: I, hiddenSize: H, layerNorm: true }, { ragged: true }],
  'lstm, checkpointed': [{ cell: 'lstm', inputSize: I, hiddenSize: H, numLayers: 2 }, { ragged: true, checkpointEvery: 2 }],
  'lstm, traced': [{ cell: 'lstm', inputSize: I, hiddenSize: H }, { ragged: true, trace: true }],
  'gru, reverse': [{ cell: 'gru', inputSize: I, hiddenSize: H, direction: 'reverse' }, { ragged: true }],
  'gru, reset before': [{ cell: 'gru', inputSize: I, hiddenSize: H, resetAfter: false }, { ragged: true }],
  'rnn': [{ cell: 'rnn_tanh', inputSize: I, hiddenSize: H, numLayers: 2 }, { ragged: true }],
  'min_gru': [{ cell: 'min_gru', inputSize: I, hiddenSize: H, numLayers: 2 }, { ragged: true }],
};

/** Every optional input once given and then left out, of every kind of plan. */
export async function plans(): Promise<Record<string, Reuse>> {
  const gpu = await openDevice();
  const results: Record<string, Reuse> = {};
  for (const [name, [options, kind]] of Object.entries(networks)) {
    const make = () => {
      const network = createRecurrent(gpu, { seed: 5, ...options });
      return { network, plan: network.plan({ timeSteps: T, batchSize: N, training: true, ...kind }) };
    };
    const pass = async ({ network, plan }: ReturnType<typeof make>, inputs: ForwardInputs, gradients: BackwardInputs): Promise<Results> => {
      network.zeroGradients();
      plan.forward(inputs);
      const forward = await arrays({ output: plan.output, hn: plan.hn, cn: plan.cn });
      plan.backward(gradients);
      const trace: Results = kind.trace ? { trace: (await plan.readTrace()).flatMap(({ gradientNorms, saturation }) => [gradientNorms, ...Object.values(saturation)].flat(2)) } : {};
      return { ...forward, ...trace, ...await arrays({ dInput: plan.dInput, dH0: plan.dH0, dC0: plan.dC0, ...network.gradients }) };
    };
    const sized = make().plan;
    const random = (array: GpuArray, seed: number): Float32Array => randomArray(array.shape.reduce((a, b) => a * b, 1), seed);
    const [h, c] = [sized.hn, sized.cn];
    const full: [ForwardInputs, BackwardInputs] = [
      { input: random(sized.input, 1), h0: random(h, 2), c0: random(c, 3), ...(kind.ragged && { lengths: [2, 5, 0] }) },
      { dOutput: random(sized.output, 4), dHn: random(h, 5), dCn: random(c, 6) },
    ];
    const forward = { input: random(sized.input, 7) };
    const backwards: Record<string, BackwardInputs> = { 'dOutput alone': { dOutput: random(sized.output, 8) }, ...(!kind.trace && { 'dHn alone': { dHn: random(h, 9) } }) };
    for (const [which, backward] of Object.entries(backwards)) {
      results[`${name}, ${which}`] = await reuse(make, (made) => pass(made, ...full), (made) => pass(made, forward, backward));
    }
  }
  return results;
}

/** Plans of attention and of linear layers, losses, updates and streams. */
export async function operators(): Promise<Record<string, Reuse>> {
  const gpu = await openDevice();
  const results: Record<string, Reuse> = {};
  for (const score of ['dot', 'general'] as const) {
    const make = () => {
      const layer = createAttention(gpu, { score, decoderSize: H, encoderSize: H, seed: 2 });
      return { layer, plan: layer.plan({ timeSteps: T, sourceTimeSteps: S, batchSize: N, training: true }), update: createOptimizer(gpu, [layer], adam({ learningRate: 1e-30 })) };
    };
    const pass = async ({ layer, plan, update }: ReturnType<typeof make>, seed: number, lengths?: number[]): Promise<Results> => {
      update.step(); // clears the gradients, and moves nothing
      plan.forward({ decoder: randomArray(T * N * H, seed), encoder: randomArray(S * N * H, seed + 1), ...(lengths && { lengths }) });
      plan.backward(randomArray(T * N * H, seed + 2));
      return arrays({ weights: plan.weights, context: plan.context, output: plan.output, dDecoder: plan.dDecoder, dEncoder: plan.dEncoder, ...layer.gradients });
    };
    results[`attention, ${score}`] = await reuse(make, (made) => pass(made, 1, [0, 7, 3]), (made) => pass(made, 10));
  }
  {
    const make = () => {
      const network = createRecurrent(gpu, { cell: 'lstm', inputSize: I, hiddenSize: H, numLayers: 2, seed: 5 });
      return network.plan({ timeSteps: T, batchSize: N, ragged: true });
    };
    const pass = (plan: ReturnType<typeof make>, inputs: ForwardInputs): Promise<Results> => (plan.forward(inputs), arrays({ output: plan.output, hn: plan.hn, cn: plan.cn }));
    const state = (seed: number): Float32Array => randomArray(2 * N * H, seed);
    results['a plan without training'] = await reuse(make,
      (plan) => pass(plan, { input: randomArray(T * N * I, 1), h0: state(2), c0: state(3), lengths: [2, 5, 0] }), (plan) => pass(plan, { input: randomArray(T * N * I, 4) }));
  }
  {
    const make = () => {
      const layer = createLinear(gpu, { inputSize: I, outputSize: H, seed: 2 });
      return { layer, update: createOptimizer(gpu, [layer], rmsprop({ momentum: 0.5, centered: true }), { gradientClip: 1 }) };
    };
    type Object = ReturnType<typeof make>;
    const step = async ({ layer, update }: Object, seed: number, bad = false): Promise<Results> => {
      const gradient = randomArray(H * I, seed);
      if (bad) gradient[3] = NaN;
      layer.gradients.weight!.write(gradient);
      update.step();
      const { norm, skips } = await update.read();
      return { ...await arrays(layer.parameters), report: bad ? [skips] : [norm, skips], rate: [update.learningRate, update.steps] };
    };
    const kept = make();
    await step(kept, 40);
    const [bytes, weight] = [await kept.update.save(), await kept.layer.parameters.weight!.read()];
    const restored = async (object: Object): Promise<Results> => {
      object.update.restore(bytes);
      object.layer.parameters.weight!.write(weight);
      return step(object, 41);
    };
    results['an update, restored after a step that was skipped'] = await reuse(make, async (object) => {
      object.update.learningRate = 0.5;
      await step(object, 42);
      return step(object, 43, true);
    }, restored);
  }
  for (const parts of [1, 2]) {
    const make = () => {
      const layer = createLinear(gpu, { inputSize: I, outputSize: H, seed: 2 });
      return { layer, plan: layer.plan({ rows: N, parts }), update: createOptimizer(gpu, [layer], adam({ learningRate: 1e-30 })) };
    };
    const pass = async ({ layer, plan, update }: ReturnType<typeof make>, seed: number): Promise<Results> => {
      update.step();
      plan.forward(randomArray(N * I, seed));
      plan.backward(randomArray(N * H, seed + 1));
      return arrays({ output: plan.output, dInput: plan.dInput, ...layer.gradients });
    };
    results[`linear, ${parts} parts`] = await reuse(make, (made) => pass(made, 1), (made) => pass(made, 10));
  }
  for (const loss of ['cross_entropy', 'mean_squared_error', 'binary_cross_entropy'] as const) {
    for (const at of ['every', 'last'] as const) {
      const make = () => createLoss(gpu, { loss, timeSteps: T, batchSize: N, features: I, weighted: true, ragged: true, at });
      const pass = async (object: ReturnType<typeof make>, seed: number, weights: Float32Array, lengths: number[]): Promise<Results> => {
        const targets = loss === 'cross_entropy' ? Uint32Array.from({ length: T * N }, (_, i) => (i * seed) % I) : randomArray(T * N * I, seed).map((x) => Math.min(1, Math.abs(x)));
        object.run({ values: randomArray(T * N * I, seed + 1), targets, weights, lengths });
        const { loss: mean, weight, stepLoss } = await object.read();
        return { mean: [mean, weight], stepLoss: [...stepLoss], ...await arrays({ gradient: object.gradient }) };
      };
      const refused = async (object: ReturnType<typeof make>): Promise<Results> => {
        const first = await pass(object, 3, randomArray(T * N, 4).map(Math.abs), [1, 0, 5]);
        try {
          object.run({ values: new Float32Array(T * N * I), targets: loss === 'cross_entropy' ? new Uint32Array(T * N) : new Float32Array(T * N * I), lengths: [1, 1, 1] });
        } catch {
          return first; // a loss that takes weights takes them every time
        }
        throw new Error('a weighted loss took a window without weights');
      };
      results[`${loss}, ${at}`] = await reuse(make, refused, (object) => pass(object, 7, new Float32Array(T * N).fill(1), [5, 5, 5]));
    }
  }
  return results;
}

/** Streams that were used, then brought back, against fresh ones. */
export async function streams(): Promise<Record<string, Reuse>> {
  const gpu = await openDevice();
  const results: Record<string, Reuse> = {};
  for (const options of [{ cell: 'lstm', projSize: 2 }, { cell: 'gru' }, { cell: 'lstm', layerNorm: true, numLayers: 2 }] as const) {
    const network = createRecurrent(gpu, { inputSize: I, hiddenSize: H, seed: 2, ...options });
    const name = Object.entries(options).flat().join(' ');
    const make = () => network.stream({ batchSize: N });
    type Stream = ReturnType<typeof make>;
    const step = async (stream: Stream, seed: number, steps = 3): Promise<Results> => {
      for (let t = 0; t < steps; t++) stream.step(randomArray(N * I, seed + t));
      return arrays({ output: stream.output, h: stream.h, c: stream.c });
    };
    const marked = make();
    await step(marked, 50);
    const snapshot = await marked.snapshot();
    const restored = (stream: Stream): Promise<Results> => (stream.restore(snapshot), step(stream, 20));
    const used = async (stream: Stream): Promise<Results> => {
      const before = await step(stream, 1);
      stream.reorder([2, 0, 0]);
      return before;
    };
    results[`${name}, restored`] = await reuse(make, used, restored);
    results[`${name}, reset`] = await reuse(make, used, (stream) => (stream.reset(), step(stream, 20)));
    results[`${name}, fork`] = await reuse(make, async (stream) => {
      const twin = stream.fork();
      const gave = await step(twin, 70);
      twin.destroy();
      return gave;
    }, (stream) => step(stream, 20));
    results[`${name}, forked`] = { ...await reuse(make, used, async (stream) => (stream.restore(snapshot), step(stream.fork(), 20))), fresh: await restored(make()) };
    results[`${name}, a refused restore`] = await reuse(make, async (stream) => {
      const before = await step(stream, 1);
      stream.restore(snapshot);
      try {
        stream.restore({ h: snapshot.h.map((x) => x + 1), c: new Float32Array(1) });
      } catch {
        return before;
      }
      throw new Error('a c of one element was taken');
    }, async (stream) => {
      if ((await stream.h.read()).every((x) => x === 0)) stream.restore(snapshot); // the fresh one
      return step(stream, 20);
    });
  }
  return results;
}

const text = characters('to be or not to be, that is the question. '.repeat(10));
const model = (gpu: Gpu) => createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding: { size: 5 }, layers: [{ cell: 'lstm', hiddenSize: 8 }], seed: 3 });

/** Generation, evaluation and updates, a second time. */
export async function runs(): Promise<Record<string, Reuse>> {
  const gpu = await openDevice();
  const generated = async (own: ReturnType<typeof model>, prompts: string[], length: number): Promise<Results> => {
    const pieces: string[] = [];
    for await (const piece of own.generateMany(prompts, { length, temperature: 1.2, seed: 4 })) pieces.push(...piece);
    return { text: [...pieces.join('')].map((c) => c.codePointAt(0)!) };
  };
  const evaluated = async (own: ReturnType<typeof model>, windows?: number): Promise<Results> => {
    const { loss, characters } = await evaluate(own, text, { batchSize: 4, timeSteps: 8, ...(windows && { windows }) });
    return { loss: [loss, characters] };
  };
  const trained = async (trainer: ReturnType<typeof createTrainer>, windows: number | undefined): Promise<Results> => {
    const { loss, characters } = await trainer.evaluate(text, windows ? { windows } : {});
    return { loss: [loss, characters] };
  };
  const trainer = () => createTrainer(model(gpu), { optimizer: adam(), batchSize: 4, timeSteps: 8 });
  return {
    generation: await reuse(() => model(gpu), (own) => generated(own, ['to be', 'question'], 40), (own) => generated(own, ['not'], 20)),
    // The weights of another model in one that has generated and been evaluated.
    'a model that was loaded anew': await reuse(() => model(gpu), async (own) => {
      await generated(own, ['to be'], 20);
      return evaluated(own);
    }, async (own) => {
      own.load(await createLanguageModel(gpu, { vocabulary: text.vocabulary, embedding: { size: 5 }, layers: [{ cell: 'lstm', hiddenSize: 8 }], seed: 9 }).save());
      return { ...await generated(own, ['question'], 20), ...await evaluated(own) };
    }),
    evaluate: await reuse(() => model(gpu), (own) => evaluated(own, 2), (own) => evaluated(own)),
    'trainer.evaluate': await reuse(trainer, (own) => trained(own, 2), (own) => trained(own, undefined)),
    // Documents end in the midst of windows, so that fewer characters count.
    'trainer.evaluate, documents': await reuse(trainer, async (own) => {
      const { loss, characters } = await own.evaluate({ tokens: text.tokens, documents: Uint32Array.from([0, 13, 50, 90, 95, 140, 200]) });
      return { loss: [loss, characters] };
    }, (own) => trained(own, undefined)),
  };
}
