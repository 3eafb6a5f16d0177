// What happens to gradients and gates along time.
import shader from '../../shaders/ops/trace.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';
import type { StateShape } from './state.ts';

const params = ({ steps, batch, hidden, directions }: StateShape) => ({ steps, batch, hidden, directions, saved: 0, traced: 0, candidates: 0 });

/** Record norms [T,D] = ‖dL/dh[t]‖₂ over rows and units, from dHidden [T,N,D*H]. */
export function gradientNorms(recording: Recording, shape: StateShape, dHidden: Slice, lengths: Slice, norms: Slice): void {
  recording.dispatch(shader, 'gradient_norms', {
    bindings: { lengths, d_hidden_all: dHidden, norms },
    params: params(shape),
    workgroups: grid(shape.steps * shape.directions, 16),
  });
}

/** Record saturation [T,D,G] = the share of each gate's units within 0.05 of a limit; `candidates`: gates between -1 and 1. */
export function gateSaturation(
  recording: Recording,
  shape: StateShape,
  options: { gates: Slice; saved: number; traced: number; candidates: readonly number[]; lengths: Slice; saturation: Slice },
): void {
  const { gates, saved, traced, candidates, lengths, saturation } = options;
  recording.dispatch(shader, 'gate_saturation', {
    bindings: { lengths, gates, saturation },
    params: { ...params(shape), saved, traced, candidates: candidates.reduce((bits, gate) => bits | (1 << gate), 0) },
    workgroups: grid(shape.steps * shape.directions * traced, 16),
  });
}
