// A counter for the masks of each pass.
import shader from '../../shaders/ops/next_pass.wgsl';
import { elements, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';

/** Record the next of the passes [1], 0 at first, and its number into every one of the lengths, [N+3] or [S,N+3]. */
export function nextPass(recording: Recording, passes: Slice, lengths: Slice): void {
  const stride = lengths.shape.at(-1)!;
  recording.dispatch(shader, 'next_pass', {
    bindings: { passes, lengths }, params: { count: elements(lengths.shape) / stride, stride, place: stride - 2 }, workgroups: [1, 1, 1],
  });
}
