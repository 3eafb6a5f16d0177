// The f16 copy of a network's weights on a device, kept equal to them.
import { checkEncoder, type Gpu } from '../gpu/device.ts';
import { Recording } from '../gpu/recording.ts';
import { Replay } from '../gpu/submit.ts';
import type { Parameters } from './parameters.ts';

/** Of parameters in precision f32 there is none, and nothing to do. */
export class WeightCopy {
  readonly #replay: Replay | null;

  /** `parameters` must be allocated. */
  constructor(gpu: Gpu, parameters: Parameters) {
    const recording = new Recording(gpu.tiles);
    parameters.recordHalf(recording);
    this.#replay = parameters.half && new Replay(gpu, recording, 'weights in f16');
  }

  /** Make it anew: at once, or as a command of that encoder. */
  readonly refresh = (encoder?: GPUCommandEncoder): void => {
    if (encoder === undefined) return void this.#replay?.submit();
    checkEncoder(encoder, 'the encoder');
    this.#replay?.encode(encoder);
  };

  destroy(): void {
    this.#replay?.destroy();
  }
}
