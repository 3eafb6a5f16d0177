// The one place where a recording meets the GPU. Pipelines, bind groups and the parameter block are made once;
// each replay then only walks a list.
import type { Entry } from '../wgsl/types.ts';
import type { Gpu } from './device.ts';
import { ALIGNMENT_BYTES, alignedStart, boundBytes, bytesOf, copyRange, type BufferProxy, type Slice } from './memory.ts';
import type { Command, Dispatch, Recording } from './recording.ts';

interface ReadyDispatch {
  readonly kind: 'dispatch';
  readonly label: string;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly offsets: readonly number[];
  readonly workgroups: readonly [number, number, number];
}
interface ReadyCopy {
  readonly kind: 'copy';
  readonly from: GPUBuffer;
  readonly fromBytes: number;
  readonly to: GPUBuffer;
  readonly toBytes: number;
  readonly bytes: number;
}
interface ReadyClear {
  readonly kind: 'clear';
  readonly buffer: GPUBuffer;
  readonly start: number;
  readonly bytes: number;
}
export type ReadyCommand = ReadyDispatch | ReadyCopy | ReadyClear;

/** A recording made ready for one device. Replaying it any number of times allocates nothing on the GPU. */
export class Replay {
  readonly commands: readonly ReadyCommand[];
  readonly #gpu: Gpu;
  readonly #label: string;
  readonly #arena: GPUBuffer;
  readonly #reads: readonly BufferProxy[];
  readonly #writes: readonly BufferProxy[];
  readonly #slots = new Map<Dispatch, { entry: Entry; offset: number; values: Record<string, number> }>();

  /** Every buffer of the recording must be allocated (`gpu.memory`) before. */
  constructor(gpu: Gpu, recording: Recording, label: string) {
    this.#gpu = gpu;
    this.#label = label;
    gpu.registerForTuning(recording);
    const { reads, writes } = recording.flow();
    [this.#reads, this.#writes] = [[...reads], [...writes]];
    this.#assertMemory();
    const dispatches = recording.commands.filter((c) => c.kind === 'dispatch');
    const arenaBytes = layoutArena(dispatches, this.#slots);
    const ready = gpu.withErrorScopes(label, () => {
      gpu.touch([...reads, ...writes], [this]);
      const arena = gpu.memory.bare({
        label: `${label} params`,
        size: Math.max(ALIGNMENT_BYTES, arenaBytes),
        usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
      });
      const block = new ArrayBuffer(Math.max(ALIGNMENT_BYTES, arenaBytes));
      for (const { entry, offset, values } of this.#slots.values()) writeParams(block, offset, entry, values);
      gpu.device.queue.writeBuffer(arena, 0, block);
      const groups = new BindGroups(gpu, arena);
      const made = (command: Command): ReadyCommand => {
        if (command.kind === 'copy') {
          const [from, to] = [copyRange(command.from), copyRange(command.to)];
          const [source, target] = [command.from, command.to].map(({ buffer }) => gpu.memory.get(buffer)) as [GPUBuffer, GPUBuffer];
          return { kind: 'copy', from: source, fromBytes: from.start, to: target, toBytes: to.start, bytes: from.bytes };
        }
        if (command.kind === 'clear') {
          return { kind: 'clear', buffer: gpu.memory.get(command.target.buffer), ...copyRange(command.target) };
        }
        const { pipeline, layout, entry } = gpu.pipeline(command);
        const slot = this.#slots.get(command);
        return {
          kind: 'dispatch',
          label: command.label,
          pipeline,
          bindGroup: groups.get(command, entry, layout),
          offsets: slot ? [slot.offset] : [],
          workgroups: command.workgroups,
        };
      };
      try {
        return { arena, commands: recording.commands.map(made) };
      } catch (error) {
        gpu.memory.release(arena);
        throw error;
      }
    });
    this.#arena = ready.arena;
    this.commands = ready.commands;
  }

  /** Change params of one dispatch for the replays submitted from now on. */
  setParams(dispatch: Dispatch, changes: Readonly<Record<string, number>>): void {
    const slot = this.#slots.get(dispatch);
    if (!slot?.entry.params) throw new Error(`${dispatch.label} has no params in this recording`);
    const fixed = Object.keys(changes).find((name) => dispatch.folded.includes(name));
    if (fixed !== undefined) throw new Error(`${dispatch.label}: the param ${fixed} is folded into the shader and cannot change`);
    Object.assign(slot.values, changes);
    const block = new ArrayBuffer(slot.entry.params.bytes);
    writeParams(block, 0, slot.entry, slot.values);
    this.#assertMemory();
    this.#gpu.enqueue(this.#arena, this, slot.offset, block);
  }

  #assertMemory(): void {
    for (const buffers of [this.#reads, this.#writes]) for (const proxy of buffers) this.#gpu.memory.get(proxy, `${this.#label} cannot run`);
  }

  /** Write the commands into an encoder: one compute pass for each run of dispatches between copies. */
  encode(encoder: GPUCommandEncoder): void {
    this.touch();
    let pass: GPUComputePassEncoder | null = null;
    let current: GPUComputePipeline | null = null;
    for (const command of this.commands) {
      if (command.kind === 'dispatch') {
        if (!pass) {
          pass = encoder.beginComputePass({ label: this.#label });
          current = null;
        }
        if (current !== command.pipeline) pass.setPipeline((current = command.pipeline));
        pass.setBindGroup(0, command.bindGroup, command.offsets);
        pass.dispatchWorkgroups(...command.workgroups);
        continue;
      }
      pass?.end();
      pass = null;
      encodeTransfer(encoder, command);
    }
    pass?.end();
  }

  /** Say that the work at hand has these commands, and that `also` follows from them. @throws DestroyedError where something that they need was destroyed */
  touch(...also: readonly object[]): void {
    this.#assertMemory();
    this.#gpu.touch([this, ...this.#reads], [...this.#writes, ...also]);
  }

  /** Replay once, in a command buffer of its own. */
  submit(): void {
    this.#gpu.submit(this.#label, (encoder) => this.encode(encoder));
  }

  destroy(): void {
    this.#gpu.memory.release(this.#arena);
  }
}

export function encodeTransfer(encoder: GPUCommandEncoder, command: ReadyCopy | ReadyClear): void {
  if (command.kind === 'copy') encoder.copyBufferToBuffer(command.from, command.fromBytes, command.to, command.toBytes, command.bytes);
  else encoder.clearBuffer(command.buffer, command.start, command.bytes);
}

/** Give each dispatch with params a slot of the arena; returns its size in bytes. */
function layoutArena(dispatches: readonly Dispatch[], slots: Map<Dispatch, { entry: Entry; offset: number; values: Record<string, number> }>): number {
  let offset = 0;
  for (const dispatch of dispatches) {
    const entry = dispatch.shader.entries[dispatch.entry];
    if (!entry?.params) continue;
    slots.set(dispatch, { entry, offset, values: { ...dispatch.params, ...bindingOffsets(dispatch, entry) } });
    offset += Math.ceil(entry.params.bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  }
  return offset;
}

/** The `x_offset` params: elements from the aligned start of a binding to the slice bound to `x`. */
function bindingOffsets(dispatch: Dispatch, entry: Entry): Record<string, number> {
  // Entries that share a struct each leave some of its offsets unused: those stay 0.
  const fields = entry.params?.fields.map((f) => f.name).filter((name) => name.endsWith('_offset')) ?? [];
  const offsets: Record<string, number> = Object.fromEntries(fields.map((name) => [name, 0]));
  for (const { name } of entry.bindings) {
    const slice = dispatch.bindings[name];
    const elements = slice ? alignedStart(slice).elements : 0;
    if (`${name}_offset` in offsets) offsets[`${name}_offset`] = elements;
    else if (elements > 0) {
      throw new Error(`${dispatch.label}: ${name} starts ${elements} elements past a 256-byte border, and the kernel has no param ${name}_offset`);
    }
  }
  return offsets;
}

function writeParams(block: ArrayBuffer, offset: number, entry: Entry, values: Readonly<Record<string, number>>): void {
  const view = new DataView(block, offset);
  for (const field of entry.params?.fields ?? []) {
    const value = values[field.name];
    if (value === undefined) throw new Error(`${entry.name}: the param ${field.name} has no value`);
    if (field.type === 'f32') view.setFloat32(field.offset, value, true);
    else if (field.type === 'i32') view.setInt32(field.offset, value, true);
    else view.setUint32(field.offset, value, true);
  }
}

/** Bind groups, shared by all dispatches of the same layout over the same slices (the timesteps of a window). */
class BindGroups {
  readonly #gpu: Gpu;
  readonly #arena: GPUBuffer;
  readonly #ids = new Map<BufferProxy | GPUBindGroupLayout, number>();
  readonly #groups = new Map<string, GPUBindGroup>();

  constructor(gpu: Gpu, arena: GPUBuffer) {
    this.#gpu = gpu;
    this.#arena = arena;
  }

  get(dispatch: Dispatch, entry: Entry, layout: GPUBindGroupLayout): GPUBindGroup {
    const slices = entry.bindings.map((b): [number, Slice] => {
      const slice = dispatch.bindings[b.name];
      if (!slice) throw new Error(`${dispatch.label}: nothing is bound to ${b.name}`);
      return [b.binding, slice];
    });
    const key = [this.#id(layout), ...slices.map(([n, s]) => `${n}:${this.#id(s.buffer)}+${s.offset}x${bytesOf(s)}`)].join(' ');
    let group = this.#groups.get(key);
    if (!group) {
      const entries: GPUBindGroupEntry[] = slices.map(([binding, s]) => {
        const { bindingBytes } = alignedStart(s);
        return { binding, resource: { buffer: this.#gpu.memory.get(s.buffer), offset: bindingBytes, size: boundBytes(s) } };
      });
      if (entry.params) entries.push({ binding: entry.params.binding, resource: { buffer: this.#arena, size: entry.params.bytes } });
      group = this.#gpu.device.createBindGroup({ label: dispatch.label, layout, entries });
      this.#groups.set(key, group);
    }
    return group;
  }

  #id(of: BufferProxy | GPUBindGroupLayout): number {
    let id = this.#ids.get(of);
    if (id === undefined) this.#ids.set(of, (id = this.#ids.size));
    return id;
  }
}
