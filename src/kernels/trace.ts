// What happens to gradients and gates along time.
import shader from '../../shaders/ops/trace.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';
import type { StateShape } from './state.ts';

const WORKGROUP = shader.constants.WORKGROUP;

const params = ({ timeSteps, batchSize, hiddenSize, directions }: StateShape) => ({ steps: timeSteps, batch: batchSize, hidden: hiddenSize, directions, saved: 0, traced: 0, candidates: 0, linear: 0, gate_low: 0, gate_high: 0, candidate_low: 0, candidate_high: 0 });

/** Record norms [T,D] = ‖dL/dh[t]‖₂ over rows and units, from dHidden [T,N,D*H]; rowSquares [T,N,D] is scratch. */
export function gradientNorms(recording: Recording, shape: StateShape, arrays: { dHidden: Slice; lengths: Slice; rowSquares: Slice; norms: Slice }): void {
  const { dHidden: d_hidden_all, lengths, rowSquares: row_squares, norms } = arrays;
  const { timeSteps, batchSize, directions } = shape;
  const numbers = params(shape);
  recording.dispatch(shader, 'row_norms', {
    bindings: { lengths, d_hidden_all, row_squares }, params: numbers, workgroups: grid(timeSteps * batchSize * directions, WORKGROUP),
  });
  recording.dispatch(shader, 'gradient_norms', { bindings: { row_squares, norms }, params: numbers, workgroups: grid(timeSteps * directions, WORKGROUP) });
}

type Limits = readonly [low: number, high: number];

/**
 * Record saturation [T,D,G] = the share of each gate's units within 0.05 of a limit, of the candidates' for `candidates` and of the gates'
 * for the others; those of `linear` have none. rowCounts [T,N,D,G] is scratch.
 */
export function gateSaturation(
  recording: Recording,
  shape: StateShape,
  options: {
    gates: Slice; saved: number; traced: number; lengths: Slice; rowCounts: Slice; saturation: Slice;
    candidates: readonly number[]; linear: readonly number[]; limits: { readonly gate: Limits; readonly candidate: Limits };
  },
): void {
  const { gates, saved, traced, candidates, linear, limits, lengths, rowCounts: row_counts, saturation } = options;
  const { timeSteps, batchSize, directions } = shape;
  const bits = (blocks: readonly number[]): number => blocks.reduce((all, gate) => all | (1 << gate), 0);
  const [[gate_low, gate_high], [candidate_low, candidate_high]] = [limits.gate, limits.candidate];
  const numbers = { ...params(shape), saved, traced, candidates: bits(candidates), linear: bits(linear), gate_low, gate_high, candidate_low, candidate_high };
  recording.dispatch(shader, 'row_saturation', {
    bindings: { lengths, gates, row_counts }, params: numbers, workgroups: grid(timeSteps * batchSize * directions * traced, WORKGROUP),
  });
  recording.dispatch(shader, 'gate_saturation', {
    bindings: { lengths, row_counts, saturation }, params: numbers, workgroups: grid(timeSteps * directions * traced, WORKGROUP),
  });
}
