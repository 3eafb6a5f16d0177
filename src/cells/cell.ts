// What the engine must know of a cell. A cell is pointwise and is data here; the engine owns matmul and time.
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';

/** Buffers and numbers of one timestep of one layer, the same for every cell. */
export interface StepDispatch {
  readonly bindings: {
    /** [R*H, H] */ readonly weight_hh: Slice;
    /** [R*H] */ readonly bias_hh: Slice;
    /** [T,N,G*H] pre-activations of the input side, then activations, then their gradients */ readonly gates: Slice;
    /** [T+1,N,H] */ readonly h: Slice;
    /** Histories [T+1,N,H] of the cell's further states, in its order. */ readonly histories: readonly Slice[];
  };
  readonly params: {
    readonly time: number;
    readonly slot_from: number;
    readonly slot_to: number;
    readonly next_time: number;
    readonly has_next: number;
    readonly batch: number;
    readonly hidden: number;
  };
}

/** The further buffers of a backward step. */
export interface StepGradients {
  /** [T,N,H] */ readonly dOutput: Slice;
  /** [N,H] in: dL/dh past this step; out: what bypasses W_hh */ readonly dHidden: Slice;
  /** [N,H] for each further state, likewise */ readonly dStates: readonly Slice[];
}

export interface Cell {
  readonly name: string;
  /** Gates of the input-side product, W_ih [G*H, I]; of the recurrent one, W_hh [R*H, H]; values kept a unit for the backward pass. */
  readonly gates: { readonly input: number; readonly recurrent: number; readonly saved: number };
  /** Order of the gates' blocks in every weight and bias. */
  readonly gateOrder: readonly string[];
  /** States beside h that travel through time, by PyTorch's letter. */
  readonly states: readonly string[];
  /** Record one step: h and the states from their `slot_from` to their `slot_to`. */
  forward(recording: Recording, step: StepDispatch, tile: StepTile): void;
  /** Record one step of BPTT: `gates` become their gradients. */
  backward(recording: Recording, step: StepDispatch, gradients: StepGradients, tile: StepTile): void;
}

/** How a step is spread over threads. */
export interface StepTile {
  /** Batch rows a thread. */ readonly rows: number;
  readonly workgroups: readonly [number, number, number];
}
