// Luong's attention (2015) as an operator: what a decoder state is compared with, mixed of, and made into.
//   score[t,n,s] = h[t,n]·e[s,n] (dot) or h[t,n]·W_a·e[s,n] (general), weights = softmax over s,
//   context[t,n] = Σ_s weights[t,n,s]·e[s,n],  output[t,n] = tanh(W_c·[context; h])
import { checkOptions } from '../checks/options.ts';
import { among, unsignedInteger, wholeNumber } from '../checks/values.ts';
import { checkGpu, type Gpu } from '../gpu/device.ts';
import type { GpuArray } from './array.ts';
import { AttentionPlan, type AttentionPlanOptions, type AttentionScore } from './attention_plan.ts';
import { Module } from './module.ts';
import { Parameters, type ParameterSpec } from './parameters.ts';

export interface AttentionOptions {
  /** 'dot' has no weight and needs H = E; 'general' has weight_a [H,E]. */
  readonly score: AttentionScore;
  /** H: features of a decoder state. */
  readonly decoderSize: number;
  /** E: features of an encoder state. */
  readonly encoderSize: number;
  /** A: features of the output. Default H. */
  readonly outputSize?: number;
  /** Of the initial weights, uniform in ±1/√(columns that a sum runs over). Default 0. */
  readonly seed?: number;
}

/**
 * Attention with its parameters on the GPU.
 * @throws RangeError for a size that is no positive whole number, a 'dot' of different sizes, or parameters over the device's limits.
 */
export function createAttention(gpu: Gpu, options: AttentionOptions): Attention {
  return new Attention(gpu, options);
}

export class Attention extends Module {
  /** weight_c [A,E+H], whose first E columns see the context; weight_a [H,E] of 'general'. The paper's names. */
  declare readonly parameters: Readonly<Record<string, GpuArray>>;
  readonly score: AttentionScore;
  readonly decoderSize: number;
  readonly encoderSize: number;
  readonly outputSize: number;

  constructor(gpu: Gpu, options: AttentionOptions) {
    checkGpu(gpu, 'createAttention');
    checkOptions(options, 'createAttention', {
      score: among('dot', 'general'), decoderSize: wholeNumber, encoderSize: wholeNumber, outputSize: wholeNumber, seed: unsignedInteger,
    }, ['score', 'decoderSize', 'encoderSize']);
    const { score, decoderSize, encoderSize, outputSize = decoderSize, seed = 0 } = options;
    if (score === 'dot' && decoderSize !== encoderSize) {
      throw new RangeError(`score "dot" compares states of one size; decoderSize ${decoderSize} and encoderSize ${encoderSize} were given. Use "general", or equal sizes`);
    }
    const spec = (name: string, shape: readonly number[], summed: number): ParameterSpec =>
      ({ name, shape, initialise: { distribution: 'uniform', scale: 1 / Math.sqrt(summed) } });
    const weights = new Parameters([
      spec('weight_c', [outputSize, encoderSize + decoderSize], encoderSize + decoderSize),
      ...(score === 'general' ? [spec('weight_a', [decoderSize, encoderSize], decoderSize)] : []),
    ], 'attention');
    super(gpu, 'the attention layer', weights, seed);
    this.score = score;
    this.decoderSize = decoderSize;
    this.encoderSize = encoderSize;
    this.outputSize = outputSize;
  }

  /** Plan for T steps of the decoder over S of the encoder: all memory is allocated here. For one step at a time give timeSteps: 1. */
  plan(options: AttentionPlanOptions): AttentionPlan {
    return this.planned((forget) => new AttentionPlan(this.gpu, this, options, forget));
  }
}
