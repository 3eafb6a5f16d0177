/** The loss or the gradient is no longer a number: training has diverged. */
export class NotFiniteError extends Error {
  override readonly name = 'NotFiniteError';
  readonly step: number;

  /** The first parameter whose gradient is not finite, where it is known. */
  readonly parameter: string | null;

  constructor({ step, loss, gradientNorm, learningRate, parameter = null }: { step: number; loss: number; gradientNorm: number; learningRate: number; parameter?: string | null }) {
    super(
      `training diverged at step ${step}: the loss is ${loss} and the gradient's norm ${gradientNorm}${parameter === null ? '' : `, ${parameter} being the first parameter whose gradient is not finite`}. ` +
        (Number.isFinite(loss) ? 'The gradient exploded on its way back through time. ' : 'A weight or an activation has left the range of float32 on the way to the loss. ') +
        `Lower the learning rate (now ${learningRate}) or clip the gradient (gradientClip: 5 or less), then begin again or restore a checkpoint`,
    );
    this.step = step;
    this.parameter = parameter;
  }
}
