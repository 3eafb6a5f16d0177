// How a training step grows with T, H, N and L, each alone; and the memory of a plan with T.

import { createRecurrent, type Gpu, type PlanOptions } from '../../src/index.ts';
import { Unfold } from '../contenders/unfold.ts';
import type { Config } from '../configs.ts';
import type { Round } from '../statistics.ts';
import { createWorkload } from '../workload.ts';

/** T, H, N, L of a point. */
export interface PointSizes {
  readonly T: number;
  readonly H: number;
  readonly N: number;
  readonly L: number;
}

const VOCABULARY = 64;

/** A character model and its trainer at one size, on a device shared with the other points. */
export class ScalingPoint {
  readonly #unfold: Unfold;
  readonly #ready: Promise<void>;

  constructor(gpu: Gpu, { T, H, N, L }: PointSizes) {
    const config: Config = {
      name: 'point', vocabulary: VOCABULARY, hiddenSize: H, numLayers: L, batchSize: N, timeSteps: T, bidirectional: false, ragged: false, measures: ['train'],
    };
    this.#unfold = new Unfold(gpu);
    this.#ready = this.#unfold.prepare(createWorkload(config));
  }

  async train(steps: number): Promise<Round> {
    await this.#ready;
    const begun = performance.now();
    const losses = await this.#unfold.train(steps);
    const milliseconds = performance.now() - begun;
    if (!losses.every(Number.isFinite)) throw new Error(`a loss is ${losses.find((loss) => !Number.isFinite(loss))}`);
    return { steps, milliseconds };
  }
}

export interface MemoryFigures extends PointSizes {
  /** Of a recurrent plan with training. */
  readonly bytes: number;
  /** The same with `checkpointEvery` of about √T. */
  readonly checkpointed: { readonly every: number; readonly bytes: number };
}

export function measureMemory(gpu: Gpu, sizes: PointSizes): MemoryFigures {
  const { T, H, N, L } = sizes;
  const network = createRecurrent(gpu, { cell: 'lstm', inputSize: H, hiddenSize: H, numLayers: L });
  const bytesOf = (more: Pick<PlanOptions, 'checkpointEvery'>): number => {
    const plan = network.plan({ timeSteps: T, batchSize: N, training: true, ...more });
    const { totalBytes } = plan.memory;
    plan.destroy();
    return totalBytes;
  };
  const every = 2 ** Math.round(Math.log2(Math.sqrt(T)));
  const figures = { ...sizes, bytes: bytesOf({}), checkpointed: { every, bytes: bytesOf({ checkpointEvery: every }) } };
  network.destroy();
  return figures;
}
