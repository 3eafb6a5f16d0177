// What to run, as plain data: dispatches, copies and clears over buffer proxies, in order, with no GPU object in it.
// A test compares it without a GPU; src/gpu/submit.ts replays it, into its own encoder or the application's.
import type { Entry, Shader } from '../wgsl/types.ts';
import { elements, type BufferProxy, type Slice } from './memory.ts';
import { DIRECT_TILES, matmulTile, opKey, recurrentTile, type MatmulOp, type MatmulTile, type Op, type RecurrentOp, type RecurrentTile, type Tiles } from './tiles.ts';

export interface Dispatch {
  readonly kind: 'dispatch';
  readonly label: string;
  readonly shader: Shader;
  readonly entry: string;
  /** Tile constants that replace the shader's defaults. */
  readonly constants: Readonly<Record<string, number>>;
  readonly bindings: Readonly<Record<string, Slice>>;
  /** Values of the `params` uniform; the executor can change them between replays. */
  readonly params: Readonly<Record<string, number>>;
  /** Params written into the text, with the length of every binding (src/shader_text/fold.ts): they stay as they are. Empty: one pipeline for all sizes. */
  readonly folded: readonly string[];
  readonly workgroups: readonly [number, number, number];
}

export interface Copy {
  readonly kind: 'copy';
  readonly from: Slice;
  readonly to: Slice;
}

export interface Clear {
  readonly kind: 'clear';
  readonly target: Slice;
}

export type Command = Dispatch | Copy | Clear;

type BindingsOf<E> = E extends Entry<infer B, string> ? B : never;
/** `x_offset` is filled in by the executor: the elements between an aligned start and the slice bound to `x`. */
type ParamsOf<E> = E extends Entry<string, infer P> ? Exclude<P, `${string}_offset`> : never;

export interface DispatchOptions<E, C extends string> {
  readonly bindings: Readonly<Record<BindingsOf<E>, Slice>>;
  readonly params: Readonly<Record<ParamsOf<E>, number>>;
  readonly workgroups: readonly [number, number, number];
  readonly constants?: Readonly<Partial<Record<C, number>>>;
  readonly folded?: readonly ParamsOf<E>[];
}

/** An ordered list of commands. Each sees all that the commands before it wrote. */
export class Recording {
  readonly commands: Command[] = [];
  /** How the kernels recorded here spread over threads. */
  readonly tiles: Tiles;
  /** The ops recorded here that a tile is chosen for, by key. */
  readonly ops = new Map<string, Op>();
  /** Multiply-adds from which sizes are folded into a shader, where that is not left to the tiles. */
  readonly #specializeAbove: number | null;

  constructor(tiles: Tiles = DIRECT_TILES, { specializeAbove = null }: { specializeAbove?: number | null } = {}) {
    this.tiles = tiles;
    this.#specializeAbove = specializeAbove;
  }

  /** Record one dispatch; the result is the handle by which its params can be changed later. */
  dispatch<E extends Record<string, { bindings: string; params: string }>, C extends string, K extends keyof E & string>(
    shader: Shader<E, C>,
    entry: K,
    options: DispatchOptions<Shader<E, C>['entries'][K], C>,
  ): Dispatch {
    const command: Dispatch = {
      kind: 'dispatch',
      label: `${shader.name}.${entry}`,
      shader: shader as unknown as Shader,
      entry,
      constants: (options.constants ?? {}) as Record<string, number>,
      bindings: options.bindings as Record<string, Slice>,
      params: options.params as Record<string, number>,
      folded: options.folded ?? [],
      workgroups: options.workgroups,
    };
    this.commands.push(command);
    return command;
  }

  /** Multiply-adds, or as much other work, from which the sizes of a kernel without a tile are folded into it. */
  get specializeAbove(): number {
    return this.#specializeAbove ?? this.tiles.matmul.specializeAbove;
  }

  /** The tile of an op that is about to be recorded. */
  tileOf(op: MatmulOp): MatmulTile;
  tileOf(op: RecurrentOp): RecurrentTile;
  tileOf(op: Op): MatmulTile | RecurrentTile {
    this.ops.set(opKey(op), op);
    const tile = op.kind === 'matmul' ? matmulTile(this.tiles, op) : recurrentTile(this.tiles, op);
    return this.#specializeAbove === null ? tile : { ...tile, specializeAbove: this.#specializeAbove };
  }

  copy(from: Slice, to: Slice): void {
    if (elements(from.shape) !== elements(to.shape)) {
      throw new RangeError(`cannot copy ${from.buffer.name} [${from.shape}] to ${to.buffer.name} [${to.shape}]`);
    }
    if (from.buffer.elementBytes !== to.buffer.elementBytes) {
      throw new RangeError(`cannot copy ${from.buffer.name} to ${to.buffer.name}: one of them is f16; convert between them by a kernel`);
    }
    this.commands.push({ kind: 'copy', from, to });
  }

  clear(target: Slice): void {
    this.commands.push({ kind: 'clear', target });
  }

  append(other: Recording): void {
    this.commands.push(...other.commands);
    for (const [key, op] of other.ops) this.ops.set(key, op);
  }

  /** Every buffer that a command touches. */
  buffers(): Set<BufferProxy> {
    const all = new Set<BufferProxy>();
    for (const c of this.commands) {
      if (c.kind === 'dispatch') for (const s of Object.values(c.bindings)) all.add(s.buffer);
      else if (c.kind === 'copy') all.add(c.from.buffer).add(c.to.buffer);
      else all.add(c.target.buffer);
    }
    return all;
  }

  /**
   * The buffers that the commands read, and those that they write. A gradient of parameters is added to, and nothing else follows from
   * what it was: it counts as read only where a kernel reads it alone.
   */
  flow(): { reads: Set<BufferProxy>; writes: Set<BufferProxy> } {
    const [reads, writes] = [new Set<BufferProxy>(), new Set<BufferProxy>()];
    for (const c of this.commands) {
      if (c.kind === 'clear') writes.add(c.target.buffer);
      else if (c.kind === 'copy') {
        reads.add(c.from.buffer);
        writes.add(c.to.buffer);
      } else {
        for (const { name, kind } of c.shader.entries[c.entry]?.bindings ?? []) {
          const buffer = c.bindings[name]?.buffer;
          if (!buffer) continue;
          if (kind === 'storage') writes.add(buffer);
          if (kind === 'read-only-storage' || buffer.purpose !== 'gradients') reads.add(buffer);
        }
      }
    }
    return { reads, writes };
  }
}
