// What the engine must know of a cell. A cell is pointwise and is data here; the engine owns matmul and time.
import type { Slice } from '../gpu/memory.ts';
import type { Recording } from '../gpu/recording.ts';

/** One recurrent product of a step: a row block of weight_hh, [gates*H, F], times an array of F features a row. */
export interface RecurrentProduct {
  /** For each of its gates, the block of `gates` that holds the product's gradient after BPTT: that of the gate's recurrent side, unless it is normalized. */
  readonly blocks: readonly number[];
  /** What it multiplies: the state h[t-1], or a scratch array that the same step made. */
  readonly reads: 'h' | { readonly scratch: number };
}

/** A diagonal weight of a gate: one number a unit, by which the gate sees that unit's own state. */
export interface Diagonal {
  /** Block of `gates` of the gate that sees. */
  readonly block: number;
  /** 'h', or the place of a further state in `states`. */
  readonly state: 'h' | number;
  /** The state from which the step starts, or the one that it makes. */
  readonly sees: 'before' | 'after';
}

/** Constants of the shader that a cell's options replace. */
export type CellConstants = Readonly<Record<string, number>>;

export interface Cell {
  readonly name: string;
  /** Input-side gates by their letters, in the order of their blocks in weight_ih [G*H, I] and of `gates`. */
  readonly gateOrder: readonly string[];
  /** Gates that are kept without an activation. Default none. */
  readonly linear?: readonly string[];
  /** S: blocks of H values kept a row and step for the backward pass; at least G. */
  readonly saved: number;
  /** None where no gate sees the whole state. Their row blocks follow one another in weight_hh [R*H, H]. */
  readonly products: readonly RecurrentProduct[];
  /** States beside h that travel through time, by PyTorch's letter. */
  readonly states: readonly string[];
  /** Arrays [T,N,D*H] that a step makes for itself. */
  readonly scratch: readonly string[];
  /** The diagonal weights and the name of their parameter [count*H], without layer and direction. */
  readonly diagonal: { readonly name: 'peephole' | 'weight_hh'; readonly gates: readonly Diagonal[] } | null;
  /** Constants that make this cell of its shader. */
  readonly constants: CellConstants;
  /** Record one step of all directions: every state from where the step starts to where it ends. */
  forward(recording: Recording, step: StepDispatch): void;
  /** Record one step of BPTT: `gates` become their gradients. */
  backward(recording: Recording, step: StepDispatch, gradients: StepGradients): void;
  /** What a cell that can be layer-normalized does a row at a time, behind the product; `normalized` makes the cell of it. */
  readonly rows?: CellRows;
  /** Only of a layer-normalized cell. */
  readonly norm?: CellNorm;
}

/** The steps of a layer-normalized cell without its product, which has left W_hh·h, or backward dL/dh[t], before them. */
export interface CellRows {
  /** Blocks of H behind those of the products in the gradients of the gains: of c. */
  readonly blocks: number;
  forward(recording: Recording, step: StepDispatch): void;
  backward(recording: Recording, step: StepDispatch, gradients: StepGradients): void;
}

/** Where a layer-normalized cell keeps what is normalized (Ba et al. 2016). */
export interface CellNorm {
  /** First of the G blocks of `gates` that hold W_ih·x, and then its gradient; the first G blocks are made of them. */
  readonly input: number;
  /** For each gate of the products, the block that holds the gradient of its recurrent side, behind the normalization. */
  readonly recurrent: readonly number[];
  /** Blocks of H in the gradients of the gains: one for each gate of the products, then those of c. */
  readonly blocks: number;
}

/** R: gates with rows in weight_hh. */
export const recurrentGates = (cell: Cell): number => cell.products.reduce((sum, { blocks }) => sum + blocks.length, 0);

/** Whether every gate's input and recurrent sides have the same gradient, and so its two biases: no gate scales or normalizes one of them. */
export const biasGradientsShared = (cell: Cell): boolean =>
  !cell.norm && cell.products.flatMap(({ blocks }) => blocks).join() === cell.gateOrder.map((_, block) => block).join();

/** Buffers and numbers of one timestep of one layer, the same for every cell. D directions lie side by side in columns. */
export interface StepDispatch {
  readonly buffers: {
    /** [R*H, F] of the first direction, the others `weight_stride` further. */ readonly weight_hh: Slice;
    /** [R*H] likewise. */ readonly bias_hh: Slice;
    /** [count*H] likewise; any buffer where the cell has none. */ readonly diagonal: Slice;
    /** [T,N,D,S,H], or [T+1,..]; with TOKENS [V,S,H] behind it. */ readonly gates: Slice;
    /** [slots,N,D*H]; of a projected layer what the cell makes. */ readonly h: Slice;
    /** [slots,N,D*H] of each further state. */ readonly states: readonly Slice[];
    /** [T,N,D*H] each. */ readonly scratch: readonly Slice[];
    /** [slots,N,D*F] h after recurrent dropout, or one element; of a projected layer the state either way. */ readonly masked: Slice;
    /** [N+3] */ readonly lengths: Slice;
    /** norm_hh [R*H], and norm_c and norm_c_bias [H] of a cell with c, in one stretch; any buffer where the cell has none. */ readonly norm: Slice;
  };
  readonly params: {
    readonly step: number;
    readonly steps: number;
    readonly batch: number;
    readonly hidden: number;
    readonly features: number;
    readonly directions: number;
    readonly reverse: number;
    readonly weight_stride: number;
    readonly bias_stride: number;
    readonly diagonal_stride: number;
    readonly norm_stride: number;
    readonly norm_cell: number;
    readonly norm_cell_bias: number;
    readonly d_output_columns: number;
    readonly d_output_direction: number;
    readonly d_output_scale: number;
    readonly stream: number;
    readonly continued: number;
    /** Elements from `lengths` to the window's tokens [T,N] behind it, and V: where the constant TOKENS is 1. */ readonly tokens: number;
    readonly vocabulary: number;
  };
  readonly constants: CellConstants;
  /** Params that are written into the shader: the same at every step, and worth a pipeline of their own. */
  readonly folded: readonly FoldedParam[];
  readonly workgroups: readonly [number, number, number];
  /** One for each row and direction: workgroups of the kernels that have a row to themselves. */
  readonly rows: readonly [number, number, number];
}

export type FoldedParam = 'steps' | 'continued' | 'batch' | 'hidden' | 'features' | 'directions' | 'reverse' | 'd_output_columns' | 'd_output_direction' | 'tokens' | 'vocabulary';

/** The further buffers of a backward step. */
export interface StepGradients {
  /** [T,N,D*F], or [T,N,F] merged. */ readonly dOutput: Slice;
  /** [D,N,H] in: dL/dh past this step; out: what bypasses W_hh. */ readonly dHidden: Slice;
  /** [D,N,H] for each further state, likewise. */ readonly dStates: readonly Slice[];
  /** [D,N,blocks,H] of a layer-normalized cell, by row: the gradients of its gains are added to it. */ readonly dNorm: Slice | null;
}
