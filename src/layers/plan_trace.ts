// Gradients and gates along time, measured on the GPU during a plan's passes and read when asked for.
import { limitsOf } from '../cells/activation.ts';
import type { Gpu } from '../gpu/device.ts';
import { allocateProxy, type BufferProxy, type Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';
import { gateSaturation, gradientNorms } from '../kernels/trace.ts';
import { stateShape } from '../scheduler/history.ts';
import type { StackWindow } from './stack.ts';

/** What one layer did over the window of the last two passes. */
export interface LayerTrace {
  /** ‖dL/dh[t]‖₂ over rows and units, [T][D]: how much of the loss's gradient is alive at each step. */
  readonly gradientNorms: readonly (readonly number[])[];
  /** Share of the units within 0.05 of a limit of the gate's own activation, or of where the clip leaves it, by gate, [T][D]; 0 of a gate without limits. */
  readonly saturation: Readonly<Record<string, readonly (readonly number[])[]>>;
}

/** Gates that have the candidate's activation; all others have the gates'. */
const CANDIDATES = ['g', 'n', 'h'];

export class PlanTrace {
  readonly #gpu: Gpu;
  readonly #stack: StackWindow;
  readonly #layers: readonly {
    /** [T,D] */ readonly norms: Slice;
    /** [T,D,G] */ readonly saturation: Slice;
    /** [T,N,D] and [T,N,D,G]: the same of each row, on the way. */ readonly rows: { readonly squares: Slice; readonly counts: Slice };
  }[];

  constructor(gpu: Gpu, stack: StackWindow) {
    this.#gpu = gpu;
    this.#stack = stack;
    this.#layers = stack.histories.map(({ timeSteps, batchSize, directions }, l) => {
      const gates = stack.cells[l]!.gateOrder.length;
      return {
        norms: allocateProxy(`l${l}.gradient norms`, [timeSteps, directions], 'result'),
        saturation: allocateProxy(`l${l}.gate saturation`, [timeSteps, directions, gates], 'result'),
        rows: {
          squares: allocateProxy(`l${l}.gradient squares by row`, [timeSteps, batchSize, directions], 'scratch'),
          counts: allocateProxy(`l${l}.saturated units by row`, [timeSteps, batchSize, directions, gates], 'scratch'),
        },
      };
    });
  }

  buffers(): BufferProxy[] {
    return this.#layers.flatMap(({ norms, saturation, rows }) => [norms, saturation, rows.squares, rows.counts].map(({ buffer }) => buffer));
  }

  /** Record the gates' saturation, while `gates` hold activations. */
  recordForward(recording: Recording): void {
    this.#stack.histories.forEach((history, l) => {
      const { gateOrder, saved, linear = [], constants } = this.#stack.cells[l]!;
      const blocks = (letters: readonly string[]): number[] => gateOrder.flatMap((letter, gate) => (letters.includes(letter) ? [gate] : []));
      gateSaturation(recording, history, {
        gates: history.gates,
        saved,
        traced: gateOrder.length,
        candidates: blocks(CANDIDATES),
        linear: blocks(linear),
        limits: { gate: limitsOf('GATE', constants), candidate: limitsOf('CANDIDATE', constants) },
        lengths: history.lengths,
        rowCounts: this.#layers[l]!.rows.counts,
        saturation: this.#layers[l]!.saturation,
      });
    });
  }

  /** Record the gradients' norms, after BPTT has left dL/dh[t] where the output's gradient was. */
  recordBackward(recording: Recording): void {
    this.#stack.histories.forEach((history, l) => {
      const { rows, norms } = this.#layers[l]!;
      gradientNorms(recording, stateShape(history, 0), { dHidden: this.#stack.dOutputs[l]!, lengths: history.lengths, rowSquares: rows.squares, norms });
    });
  }

  read(): Promise<LayerTrace[]> {
    return Promise.all(
      this.#layers.map(async ({ norms, saturation }, l) => {
        const { gateOrder } = this.#stack.cells[l]!;
        const [steps, directions] = norms.shape as [number, number];
        const [n, s] = await Promise.all([this.#gpu.read(norms), this.#gpu.read(saturation)]);
        const table = (value: (t: number, d: number) => number): number[][] =>
          Array.from({ length: steps }, (_, t) => Array.from({ length: directions }, (_, d) => value(t, d)));
        return {
          gradientNorms: table((t, d) => n[t * directions + d]!),
          saturation: Object.fromEntries(gateOrder.map((letter, gate) => [letter, table((t, d) => s[(t * directions + d) * gateOrder.length + gate]!)])),
        };
      }),
    );
  }
}
