// One contender in one page. bench/run.mjs calls these functions through `globalThis.bench`.

import type { Contender } from './contender.ts';
import { sketch, truth, type Sketch, type Truth } from './oracle.ts';
import { configs, createWorkload, type Workload } from './workload.ts';

/** `name` is 'unfold', or 'tfjs-BACKEND layers' or 'tfjs-BACKEND ops'. */
async function load(name: string): Promise<Contender> {
  if (name === 'unfold') return (await import('./contenders/unfold.ts')).createContender();
  const [, backend, formulation] = /^tfjs-(\w+) (layers|ops)$/.exec(name) ?? [];
  if (!backend) throw new RangeError(`there is no contender '${name}'`);
  const peer = formulation === 'layers' ? await import('./peers/tfjs_layers.ts') : await import('./peers/tfjs_ops.ts');
  return peer.createContender(backend);
}

let contender: Contender | undefined;
let workload: Workload | undefined;

export interface Timed {
  readonly milliseconds: number;
  /** A loss a step or pass. */
  readonly losses: number[];
}

const bench = {
  /** What the page's WebGPU runs on, for people; empty without WebGPU. */
  async adapter(): Promise<string> {
    const info = (await navigator.gpu?.requestAdapter())?.info;
    return info ? [info.vendor, info.architecture, info.device, info.description].filter(Boolean).join(' ') : '';
  },

  truth(config: string, biases: Contender['biases'], steps: number): Truth {
    return truth(workloadOf(config), biases, steps);
  },

  /** Resolves with the contender's number of biases. */
  async prepare(name: string, config: string): Promise<Contender['biases']> {
    contender = await load(name);
    workload = workloadOf(config);
    await contender.prepare(workload);
    return contender.biases;
  },

  async train(steps: number): Promise<Timed> {
    const start = performance.now();
    const losses = await contender!.train(steps);
    return { milliseconds: performance.now() - start, losses: Array.from(losses) };
  },

  async forward(passes: number): Promise<Timed> {
    const results: (number | Float32Array)[] = [];
    const start = performance.now();
    for (let pass = 0; pass < passes; pass++) results.push(await contender!.forward());
    const milliseconds = performance.now() - start;
    return { milliseconds, losses: results.map((result) => typeof result === 'number' ? result : crossEntropy(result, workload!)) };
  },

  /** Sketches of the gradients at the present weights, or null where the contender cannot give them. */
  async gradients(): Promise<Record<string, Sketch> | null> {
    if (!contender!.gradients) return null;
    const gradients = await contender!.gradients();
    return Object.fromEntries(Object.entries(gradients).map(([name, values]) => [name, sketch(values)]));
  },

  dispose(): void {
    contender?.dispose();
    contender = undefined;
  },
};

export type Bench = typeof bench;
Object.assign(globalThis, { bench });

function workloadOf(name: string): Workload {
  const config = configs[name];
  if (!config) throw new RangeError(`There is no configuration '${name}'; choose from ${Object.keys(configs).join(', ')}`);
  return createWorkload(config);
}

/** Mean over T*N of the softmax cross-entropy of logits [T,N,V]. */
function crossEntropy(logits: Float32Array, { config, targets }: Workload): number {
  const V = config.vocabulary;
  let total = 0;
  for (let row = 0; row < targets.length; row++) {
    const of = logits.subarray(row * V, (row + 1) * V);
    const largest = of.reduce((a, b) => Math.max(a, b), -Infinity);
    let sum = 0;
    for (const value of of) sum += Math.exp(value - largest);
    total += largest + Math.log(sum) - of[targets[row]!]!;
  }
  return total / targets.length;
}
