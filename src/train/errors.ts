/** The loss or the gradient is no longer a number: training has diverged. */
export class NotFiniteError extends Error {
  override readonly name = 'NotFiniteError';
  readonly step: number;

  constructor({ step, loss, gradientNorm, rate }: { step: number; loss: number; gradientNorm: number; rate: number }) {
    super(
      `training diverged at step ${step}: the loss is ${loss} and the gradient's norm ${gradientNorm}. ` +
        `Lower the rate (now ${rate}) or clip the gradient (clip: 5 or less), then begin again or restore a checkpoint`,
    );
    this.step = step;
  }
}
