// The steps of a window that its loss counts, out of all that its gradient goes back over.
import shader from '../../shaders/ops/new_steps.wgsl';
import { elements, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';

export interface NewSteps {
  /** [B,N,H] */ readonly whole: Slice;
  /** [T,N,H] */ readonly taken: Slice;
  /** [N] steps of each row before its new ones. */ readonly offsets: Slice;
}

const params = ({ whole, taken }: NewSteps) => {
  const [steps, batch, columns] = whole.shape as [number, number, number];
  return { steps, fresh: taken.shape[0]!, batch, columns };
};

/** Record taken = each row's new steps of the whole. */
export function takeNewSteps(recording: Recording, arrays: NewSteps): void {
  recording.dispatch(shader, 'take', { bindings: { ...arrays }, params: params(arrays), workgroups: grid(elements(arrays.taken.shape), 64) });
}

/** Record whole = the new steps where they belong, 0 elsewhere: the gradient of the above. */
export function putNewStepsBack(recording: Recording, arrays: NewSteps): void {
  recording.dispatch(shader, 'put_back', { bindings: { ...arrays }, params: params(arrays), workgroups: grid(elements(arrays.whole.shape), 64) });
}
