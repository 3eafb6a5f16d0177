// Drawing tokens on the GPU.
import shader from '../../shaders/ops/sample.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';

/** Elements of the settings buffer: seed, tokens drawn before, top-k, 1/temperature. */
export const SAMPLE_SETTINGS = 4;

/** What is drawn where a row's logits are not all finite. */
export const NOT_FINITE_TOKEN = shader.constants.NOT_FINITE;

/** Between its limits no quotient of a logit is beyond float32. Below, the likeliest token is drawn all the same, and above, any. */
const TEMPERATURES = { least: 1e-20, most: 1e20 };

/** The settings as the kernel reads them. Temperature 0 is greedy; top-k 0 is all. */
export function sampleSettings(settings: { seed: number; drawn: number; topK: number; temperature: number }): Uint32Array {
  const block = new Uint32Array([settings.seed, settings.drawn, settings.topK, 0]);
  new Float32Array(block.buffer)[3] = settings.temperature < TEMPERATURES.least ? 0 : 1 / Math.min(settings.temperature, TEMPERATURES.most);
  return block;
}

/** Record the draw of one token a row of logits [rows,V] into tokens[first ..], the `step`-th of this recording. */
export function sample(recording: Recording, options: { logits: Slice; rows: number; vocabulary: number; settings: Slice; tokens: Slice; first: number; step: number }): void {
  const { logits, rows, vocabulary, settings, tokens, first, step } = options;
  recording.dispatch(shader, 'sample', {
    bindings: { logits, settings, tokens },
    params: { rows, vocabulary, step, first },
    constants: { LANES: recording.tiles.rowThreads },
    workgroups: [rows, 1, 1],
  });
}
