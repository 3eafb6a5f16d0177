// The pointwise part of a projected layer's step; its products are matmuls.
import shader from '../../shaders/ops/projection.wgsl';
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { grid } from './grid.ts';

export interface ProjectedStep {
  readonly step: number;
  readonly timeSteps: number;
  readonly batchSize: number;
  /** P */ readonly features: number;
  readonly directions: number;
  readonly reverse: number;
  readonly d_output_columns: number;
  readonly d_output_direction: number;
  readonly d_output_scale: number;
  readonly stream: number;
}

/** The regularisers of the state, and the trace, as the cell's constants have them. */
type Constants = Readonly<Partial<Record<'ZONEOUT_H' | 'RECURRENT_DROPOUT' | 'TRAINING' | 'TRACE', number>>>;

const params = ({ timeSteps, batchSize, ...rest }: ProjectedStep) => ({ steps: timeSteps, batch: batchSize, ...rest });
const threads = ({ batchSize, features, directions }: ProjectedStep): [number, number, number] => grid(batchSize * features * directions, 64);

/** Record zoneout on the step's slot of h [slots,N,D*P], and what the mask leaves of it. */
export function maskProjection(recording: Recording, step: ProjectedStep, constants: Constants, bindings: { h: Slice; masked: Slice; lengths: Slice }): void {
  recording.dispatch(shader, 'forward', { bindings, params: params(step), constants, workgroups: threads(step) });
}

/** Record dProjected [T,N,D*P] at the step = dL/dp of all that arrives; dHidden [D,N,P] becomes what bypasses W_hh. */
export function projectionGradient(
  recording: Recording, step: ProjectedStep, constants: Constants,
  gradients: { product: Slice; dOutput: Slice; dHidden: Slice; dProjected: Slice; lengths: Slice },
): void {
  const { product, dOutput, dHidden, dProjected, lengths } = gradients;
  const bindings = { lengths, product, d_output: dOutput, d_hidden: dHidden, d_projected: dProjected };
  recording.dispatch(shader, 'backward', { bindings, params: params(step), constants, workgroups: threads(step) });
}
