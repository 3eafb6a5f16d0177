// jax-js: the same LSTM in its numpy, a whole training step under one jit. It has no scan, so the window is unrolled in the trace.
// Its functions take their arguments over: `ref` where a value is used again.

import { defaultDevice, init, jit, nn, numpy as np, tree, valueAndGrad, type Array as JaxArray } from '@jax-js/jax';
import type { Config } from '../configs.ts';
import type { Contender, StreamResult } from '../contender.ts';
import { adamOptions, directionsOf, maskOf, oneHot, usefulRows, type Workload } from '../workload.ts';
import { fromKeras, kerasWeights, type KerasWeight } from './layout.ts';

type Parameters = Record<string, JaxArray>;
type State = [h: JaxArray, c: JaxArray];
interface Data {
  /** [T*N,V] one-hot */ readonly x: JaxArray;
  /** [T*N,V] one-hot, each row over the number of rows that count, 0 for those that do not. */ readonly y: JaxArray;
  /** [T*N,1] */ readonly mask: JaxArray;
  readonly [name: string]: JaxArray;
}

class Jax implements Contender {
  readonly biases = 'one';
  #workload!: Workload;
  #weights: KerasWeight[] = [];
  #parameters!: Parameters;
  #moments!: { m: Parameters; v: Parameters };
  #step = 0;
  #data!: Data;
  /** [1,V] each, of a stream. */
  #tokens: JaxArray[] = [];
  #jitted!: ReturnType<typeof jitted>;

  async prepare(workload: Workload): Promise<void> {
    const { config: { vocabulary, batchSize, timeSteps, measures }, inputs, targets } = workload;
    this.#workload = workload;
    this.#weights = kerasWeights(workload);
    this.#parameters = Object.fromEntries(this.#weights.map(({ name, shape, values }) => [name, np.array(values, { shape })]));
    this.#moments = { m: this.#zeros(), v: this.#zeros() };
    const rows = batchSize * timeSteps;
    const mask = maskOf(workload);
    const useful = usefulRows(workload);
    const labels = oneHot(targets, vocabulary).map((value, k) => (value * mask[Math.floor(k / vocabulary)]!) / useful);
    this.#data = {
      x: np.array(oneHot(inputs, vocabulary), { shape: [rows, vocabulary] }),
      y: np.array(labels, { shape: [rows, vocabulary] }),
      mask: np.array(mask, { shape: [rows, 1] }),
    };
    if (measures.includes('queued')) this.#tokens = Array.from(inputs, (token) => np.array(oneHot([token], vocabulary), { shape: [1, vocabulary] }));
    this.#jitted = jitted(workload.config);
  }

  #zeros(): Parameters {
    return Object.fromEntries(this.#weights.map(({ name, shape }) => [name, np.zeros(shape)]));
  }

  async train(steps: number): Promise<number[]> {
    const losses: JaxArray[] = [];
    for (let k = 0; k < steps; k++) {
      this.#step++;
      const corrections = [adamOptions.beta1, adamOptions.beta2].map((beta) => 1 / (1 - beta ** this.#step));
      const next = this.#jitted.step(this.#parameters, this.#moments.m, this.#moments.v, tree.ref(this.#data), np.array(Float32Array.from(corrections), { shape: [2, 1] }));
      this.#parameters = next.parameters;
      this.#moments = { m: next.m, v: next.v };
      losses.push(next.loss);
    }
    return Promise.all(losses.map(async (loss) => (await loss.data())[0]!));
  }

  async forward(): Promise<number> {
    const [loss] = await this.#jitted.loss(tree.ref(this.#parameters), tree.ref(this.#data)).data();
    return loss!;
  }

  async gradients(): Promise<Record<string, Float32Array>> {
    const { loss, gradients } = this.#jitted.gradients(tree.ref(this.#parameters), tree.ref(this.#data));
    loss.dispose();
    const result: Record<string, Float32Array> = {};
    for (const weight of this.#weights) result[weight.name] = fromKeras(weight, await gradients[weight.name]!.data());
    return result;
  }

  async stream(tokens: number, readback: boolean): Promise<StreamResult> {
    const { numLayers, hiddenSize } = this.#workload.config;
    const zeros = (): State[] => Array.from({ length: numLayers }, () => [np.zeros([1, hiddenSize]), np.zeros([1, hiddenSize])]);
    const logits: Float32Array[] = [];
    let states = zeros();
    for (let k = 0; k < tokens; k++) {
      if (k > 0 && k % this.#tokens.length === 0) {
        tree.dispose(states);
        states = zeros();
      }
      const next = this.#jitted.token(tree.ref(this.#parameters), states, this.#tokens[k % this.#tokens.length]!.ref);
      states = next.states;
      if (readback || k === tokens - 1) logits.push(await next.logits.data());
      else next.logits.dispose();
    }
    tree.dispose(states);
    return { logits };
  }

  dispose(): void {
    for (const run of Object.values(this.#jitted)) run.dispose();
    tree.dispose([this.#parameters, this.#moments, this.#data, this.#tokens]);
  }
}

function jitted(config: Config) {
  const loss = (parameters: Parameters, data: Data): JaxArray => lossOf(config, parameters, data);
  return {
    loss: jit(loss),
    gradients: jit((parameters: Parameters, data: Data) => {
      const [value, gradients] = valueAndGrad(loss)(parameters, data);
      return { loss: value, gradients };
    }),
    step: jit((parameters: Parameters, m: Parameters, v: Parameters, data: Data, corrections: JaxArray) => {
      const [value, gradients] = valueAndGrad(loss)(tree.ref(parameters), data);
      return { loss: value, ...adam(parameters, gradients, m, v, corrections) };
    }),
    token: jit((parameters: Parameters, states: State[], token: JaxArray) => tokenOf(parameters, states, token)),
  };
}

/** `corrections` [2,1] are 1 / (1 - beta^step) of both moments. */
function adam(parameters: Parameters, gradients: Parameters, m: Parameters, v: Parameters, corrections: JaxArray): { parameters: Parameters; m: Parameters; v: Parameters } {
  const { learningRate, beta1, beta2, epsilon } = adamOptions;
  const [first, second] = np.split(corrections, 2, 0) as [JaxArray, JaxArray];
  const next = { parameters: {} as Parameters, m: {} as Parameters, v: {} as Parameters };
  for (const [name, parameter] of Object.entries(parameters)) {
    const vector = !name.includes('weight');
    const g = gradients[name]!;
    const mean = m[name]!.mul(beta1).add(g.ref.mul(1 - beta1));
    const square = v[name]!.mul(beta2).add(g.ref.mul(g).mul(1 - beta2));
    const [a, b] = [first, second].map((correction) => (vector ? correction.ref.sum() : correction.ref)) as [JaxArray, JaxArray];
    next.m[name] = mean.ref;
    next.v[name] = square.ref;
    next.parameters[name] = parameter.sub(mean.mul(a).div(np.sqrt(square.mul(b)).add(epsilon)).mul(learningRate));
  }
  first.dispose();
  second.dispose();
  return next;
}

function lossOf(config: Config, parameters: Parameters, { x: input, y, mask }: Data): JaxArray {
  const steps = np.split(mask, config.timeSteps, 0);
  let x = input;
  for (let l = 0; l < config.numLayers; l++) {
    const suffixes = directionsOf(config);
    const outputs = suffixes.map((suffix, d) =>
      unfold(config, parameters, `_l${l}${suffix}`, d === suffixes.length - 1 ? x : x.ref, suffix === '' ? null : steps));
    x = outputs.length === 1 ? outputs[0]! : np.concatenate(outputs, 1);
  }
  for (const step of steps) step.dispose();
  const logits = np.matmul(x, parameters['linear.weight']!).add(parameters['linear.bias']!);
  return nn.logSoftmax(logits, 1).mul(y).sum().neg();
}

/** x [T*N,I] → [T*N,H]. In reverse, with the mask's steps [N,1], a row's state stays zero until its own last element comes. */
function unfold({ batchSize, hiddenSize, timeSteps }: Config, parameters: Parameters, suffix: string, x: JaxArray, mask: readonly JaxArray[] | null): JaxArray {
  const [weightIh, weightHh, bias] = layerOf(parameters, suffix);
  const wx = np.split(np.matmul(x, weightIh).add(bias), timeSteps, 0);
  let state: State = [np.zeros([batchSize, hiddenSize]), np.zeros([batchSize, hiddenSize])];
  const outputs: JaxArray[] = [];
  for (let k = 0; k < timeSteps; k++) {
    const t = mask ? timeSteps - 1 - k : k;
    state = step(wx[t]!, state, weightHh.ref);
    if (mask) state = [state[0].mul(mask[t]!.ref), state[1].mul(mask[t]!.ref)];
    outputs[t] = state[0].ref;
  }
  for (const last of [...state, weightHh]) last.dispose();
  return np.concatenate(outputs, 0);
}

const layerOf = (parameters: Parameters, suffix: string): [JaxArray, JaxArray, JaxArray] =>
  [parameters[`recurrent.weight_ih${suffix}`]!, parameters[`recurrent.weight_hh${suffix}`]!, parameters[`recurrent.bias_ih${suffix}`]!];

/** One step of an LSTM from its input side [N,4H]. */
function step(input: JaxArray, [h, c]: State, weightHh: JaxArray): State {
  const [i, f, g, o] = np.split(input.add(np.matmul(h, weightHh)), 4, 1) as [JaxArray, JaxArray, JaxArray, JaxArray];
  const next = nn.sigmoid(f).mul(c).add(nn.sigmoid(i).mul(np.tanh(g)));
  return [nn.sigmoid(o).mul(np.tanh(next.ref)), next];
}

function tokenOf(parameters: Parameters, states: State[], token: JaxArray): { logits: JaxArray; states: State[] } {
  let x = token;
  const next = states.map((state, l) => {
    const [weightIh, weightHh, bias] = layerOf(parameters, `_l${l}`);
    const after = step(np.matmul(x, weightIh).add(bias), state, weightHh);
    x = after[0].ref;
    return after;
  });
  return { logits: np.matmul(x, parameters['linear.weight']!).add(parameters['linear.bias']!), states: next };
}

export async function createContender(device: string): Promise<Contender> {
  const started = await init(device);
  if (!started.includes(device)) throw new Error(`the ${device} device of jax-js did not start in this browser`);
  defaultDevice(device);
  return new Jax();
}
