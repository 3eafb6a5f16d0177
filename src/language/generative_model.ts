// What text can be drawn from: the parts of a language model that generation reads.
import type { Gpu } from '../gpu/device.ts';
import type { Slice } from '../gpu/memory.ts';
import type { NamedTensor } from '../io/safetensors.ts';
import type { LinearWeights } from '../layers/linear.ts';
import type { Parameters } from '../layers/parameters.ts';
import type { StackInput } from '../layers/stack_input.ts';
import type { LayerShape } from '../layers/stack_parameters.ts';
import type { Vocabulary } from '../text/vocabulary.ts';

export interface GenerativeModel {
  readonly gpu: Gpu;
  readonly vocabulary: Vocabulary;
  readonly layers: readonly LayerShape[];
  readonly weights: Parameters;
  /** Features of the top layer's output, which the head reads. */
  readonly outputSize: number;
  /** The first layer's input, for tokens [T,N] in that slice. */
  inputOf(tokens: Slice): StackInput;
  /** The linear layer behind the stack: its values, or their gradients. */
  head(of: 'parameters' | 'gradients'): LinearWeights;
  /** All weights, read from the GPU. */
  tensors(): Promise<NamedTensor[]>;
}
