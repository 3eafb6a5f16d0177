// One device and what belongs to it: memory, pipelines, errors, loss. Knows WebGPU, knows no network.
// The declarations bring `Symbol.dispose` along, because an application's own `lib` may end before it.
/// <reference lib="esnext.disposable" preserve="true" />
import { checkOptions } from '../checks/options.ts';
import { among, callback, instance, text } from '../checks/values.ts';
import { shown } from '../checks/shown.ts';
import { describeAdapter, type AdapterDescription } from './adapter.ts';
import { DeviceLostError, GpuCommandError, WebGPUUnavailableError } from './errors.ts';
import { Faults, Work } from './faults.ts';
import { copyRange, elements, Memory, type BufferProxy, type Slice } from './memory.ts';
import { pipelinesOf, type Pipeline, type PipelineCache } from './pipelines.ts';
import type { Dispatch, Recording } from './recording.ts';
import { tilesFor, type Tiles } from './tiles.ts';
import { Tuning, type TuneMode } from './tuned_tiles.ts';
import type { TuningProgress } from './tuning_task.ts';
import { machineKey, openTuningStore } from './tuning_store.ts';

export interface DeviceOptions {
  /** An application's own device: used as it is, and never destroyed by this engine. */
  readonly device?: GPUDevice;
  readonly powerPreference?: GPUPowerPreference;
  /** The runtime's WebGPU, where it is not `navigator.gpu` (Node's `webgpu` package). */
  readonly gpu?: GPU;
  /**
   * How kernels are spread over threads. 'off': fixed by the class of adapter. 'cached' (default): as 'full' has chosen before, on this
   * adapter and browser; nothing is measured. 'full': what is not known yet is measured before a trainer's first step, or by `tune`.
   */
  readonly tune?: TuneMode;
  /** Called while measuring, once an op. */
  readonly onTune?: (progress: TuningProgress) => void;
  /** In Node, the file that keeps what was measured. Default `.unfold-tuning.json` in the working directory; a browser keeps it in IndexedDB. */
  readonly tuningFile?: string;
}

/** The time in which a loss is announced that refused a command: Firefox takes some hundred milliseconds on a busy machine. */
const LOSS_MS = 1000;

/** Taken where the adapter has them: f16 storage, sums across a subgroup, GPU time by kernel. */
const FEATURES: readonly GPUFeatureName[] = ['shader-f16', 'subgroups', 'timestamp-query'];

/** Raised to what the adapter has: larger windows and vocabularies fit; the kernels themselves run at the guaranteed minimum. */
const LIMITS = ['maxBufferSize', 'maxStorageBufferBindingSize', 'maxComputeWorkgroupStorageSize', 'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX', 'maxStorageBuffersPerShaderStage'] as const;

/**
 * Open a GPU device, or wrap the application's own.
 * @throws WebGPUUnavailableError where there is no WebGPU or no adapter; RangeError or TypeError for an option that there is not.
 */
export async function openDevice(options: DeviceOptions = {}): Promise<Gpu> {
  checkOptions(options, 'openDevice', {
    device: having('createCommandEncoder', 'a GPUDevice'), powerPreference: among('low-power', 'high-performance'),
    gpu: having('requestAdapter', 'a GPU, such as navigator.gpu'), tune: among('off', 'cached', 'full'), onTune: callback, tuningFile: text,
  }, []);
  if (options.device) return tuned(options.device, describeAdapter(options.device.adapterInfo), false, options);
  const gpu = options.gpu ?? (globalThis.navigator as Navigator | undefined)?.gpu;
  if (!gpu) {
    throw new WebGPUUnavailableError(
      'this browser or runtime has no WebGPU (navigator.gpu is missing). Use Chrome or Edge 113+, Safari 26+ or Firefox 141+, ' +
        'over https or localhost; in Node pass openDevice({ gpu }) from the npm package "webgpu"',
    );
  }
  const adapter = await gpu.requestAdapter({ powerPreference: options.powerPreference ?? 'high-performance' });
  if (!adapter) {
    throw new WebGPUUnavailableError(
      'WebGPU is here but gives no adapter: the GPU or its driver may be on the block list. See chrome://gpu; ' +
        'on Linux start Chrome with --enable-unsafe-webgpu --enable-features=Vulkan',
    );
  }
  const requiredLimits: Record<string, number> = {};
  for (const name of LIMITS) requiredLimits[name] = adapter.limits[name];
  const device = await adapter.requestDevice({
    label: 'unfold',
    requiredFeatures: FEATURES.filter((f) => adapter.features.has(f)),
    requiredLimits,
  });
  return tuned(device, describeAdapter(adapter.info), true, options);
}

async function tuned(device: GPUDevice, adapter: AdapterDescription, owned: boolean, { tune = 'cached', onTune, tuningFile }: DeviceOptions): Promise<Gpu> {
  const tuning = new Tuning(tune, tune === 'off' ? null : openTuningStore(machineKey(adapter), tuningFile), onTune ?? null);
  await tuning.load(tilesFor(device));
  return new Gpu(device, adapter, owned, tuning);
}

/** An object of WebGPU, known by a method: each runtime has classes of its own. */
const having = (method: string, what: string) => (value: object, name: string): void => {
  if (typeof (value as Record<string, unknown> | null)?.[method] !== 'function') throw new TypeError(`${name} must be ${what}; ${shown(value)} was given`);
};

/** @throws TypeError for what is no encoder */
export const checkEncoder: (encoder: GPUCommandEncoder, name: string) => void = having('copyBufferToBuffer', "a GPUCommandEncoder, such as device.createCommandEncoder()");

/** @throws TypeError for what `openDevice` does not give */
export function checkGpu(gpu: Gpu, to: string): void {
  instance(gpu, Gpu, `what ${to} is made on`, 'a Gpu, which openDevice() gives');
}

export class Gpu {
  readonly device: GPUDevice;
  readonly adapter: AdapterDescription;
  readonly memory: Memory;
  /** Those of the device: engines that are opened on one device share them. */
  readonly pipelines: PipelineCache;
  /** What measuring chose, and what it could be asked to choose. */
  readonly tuning: Tuning;
  /** How kernels spread over this device's threads: of every recording made from now on. */
  tiles: Tiles;
  /** Resolves when the device goes away, for whatever reason. */
  readonly lost: Promise<GPUDeviceLostInfo>;
  /** Whether `openDevice` opened the device: if not, it is the application's, which alone destroys it and opens another. */
  readonly owned: boolean;
  #lostInfo: GPUDeviceLostInfo | null = null;
  readonly #faults = new Faults();
  /** What is being encoded or made at this moment. */
  #work: Work | null = null;

  constructor(device: GPUDevice, adapter: AdapterDescription, owned: boolean, tuning: Tuning) {
    this.device = device;
    this.adapter = adapter;
    this.owned = owned;
    this.memory = new Memory(device, (error) => this.#faults.know(error));
    this.tuning = tuning;
    this.tiles = { ...tilesFor(device), tuned: tuning.tiles };
    this.pipelines = pipelinesOf(device);
    this.lost = device.lost.then((info) => (this.#lostInfo = info));
  }

  get isLost(): boolean {
    return this.#lostInfo !== null;
  }

  /** @throws DeviceLostError once the device is gone. */
  assertAlive(): void {
    if (this.#lostInfo) throw new DeviceLostError(this.#lostInfo);
  }

  /**
   * Run `body` inside validation and out-of-memory scopes. What they catch is an error of what `body` said that it touches, and is
   * thrown by the first read of that.
   */
  withErrorScopes<R>(label: string, body: () => R, describeError = ({ message }: GPUError): Error => new GpuCommandError(`${label}: ${message}`)): R {
    this.assertAlive();
    const [outer, work] = [this.#work, new Work()];
    this.#work = work;
    this.device.pushErrorScope('out-of-memory');
    this.device.pushErrorScope('validation');
    try {
      return body();
    } finally {
      this.#work = outer;
      for (const caught of [this.device.popErrorScope(), this.device.popErrorScope()]) {
        work.reports.add(caught.then((error) => error && describeError(error)));
      }
      this.#faults.add(work);
    }
  }

  /**
   * Say what the work at hand reads and writes: buffers' proxies, staging buffers, replays. Outside of error scopes it is an application's
   * own, whose errors are told to the application; what was wrong with what it reads is wrong with what it writes all the same.
   */
  touch(reads: Iterable<object>, writes: Iterable<object>): void {
    const work = this.#work ?? new Work();
    for (const read of reads) work.reads.add(read);
    for (const written of writes) work.writes.add(written);
    if (work !== this.#work) this.#faults.add(work);
  }

  /** The pipeline of a dispatch, for the work at hand, which is told of its failure. */
  pipeline(dispatch: Dispatch): Pipeline {
    const pipeline = this.pipelines.get(dispatch);
    if (pipeline.failure) this.#work?.reports.add(pipeline.failure);
    return pipeline;
  }

  /** Encode commands and submit them inside error scopes; what `encode` gives is given back. */
  submit<R>(label: string, encode: (encoder: GPUCommandEncoder) => R): R {
    return this.withErrorScopes(label, () => {
      const encoder = this.device.createCommandEncoder({ label });
      const result = encode(encoder);
      this.device.queue.submit([encoder.finish()]);
      return result;
    });
  }

  /**
   * Make memory real, for an owner whose name errors give and who will replay those recordings. Where the GPU has too little, which it
   * says later, all of it is freed again.
   * @throws RangeError for a buffer or a recording over the device's limits; DestroyedError where a recording needs what was destroyed. Nothing is allocated then
   */
  allocate(owner: string, proxies: readonly BufferProxy[], recordings: readonly Recording[] = []): void {
    const own = new Set(proxies);
    for (const recording of recordings) {
      this.registerForTuning(recording);
      for (const proxy of recording.buffers()) if (!own.has(proxy)) this.memory.get(proxy, `${owner} cannot be made`);
    }
    let fresh: BufferProxy[] = [];
    this.withErrorScopes(owner, () => {
      fresh = this.memory.allocate(proxies, owner);
      this.touch([], fresh);
    }, ({ message }) => this.memory.refuse(fresh, owner, message));
  }

  /**
   * Say that a recording will be replayed, before its pipelines exist: its ops can be tuned from now on.
   * @throws RangeError where a dispatch has more workgroups than the device allows.
   */
  registerForTuning({ commands, ops }: Recording): void {
    for (const [key, op] of ops) this.tuning.requestedOps.set(key, op);
    const most = this.device.limits.maxComputeWorkgroupsPerDimension;
    for (const command of commands) {
      if (command.kind !== 'dispatch' || command.workgroups.every((count) => count >= 1 && count <= most)) continue;
      throw new RangeError(`${command.label}: ${command.workgroups.join('×')} workgroups; this device allows 1 to ${most} a dimension. Use a smaller batch or window`);
    }
  }

  /** Wait for all work that those depend on. @throws the error of it that nobody was told; DeviceLostError */
  async settle(things: Iterable<object>): Promise<void> {
    await this.#unlessLost(this.#faults.tell(things, this.#faults.begin()));
  }

  /** Wait for all work so far. @throws the first error that the GPU reported and nobody was told; DeviceLostError */
  async check(): Promise<void> {
    await this.#unlessLost(this.#faults.check());
  }

  /** Write elements into a slice, in the queue's order. */
  write(slice: Slice, data: Float32Array | Uint32Array | Int32Array): void {
    requireWords(slice);
    if (data.length !== elements(slice.shape)) {
      throw new RangeError(`${slice.buffer.name} has shape [${slice.shape}], ${elements(slice.shape)} elements; ${data.length} were given`);
    }
    this.enqueue(this.memory.get(slice.buffer), slice.buffer, copyRange(slice).start, data as Float32Array<ArrayBuffer>);
  }

  /** Write into a buffer in the queue's order, as a part of the work at hand where there is one. `written` is what errors belong to. */
  enqueue(buffer: GPUBuffer, written: object, start: number, data: ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
    if (!this.#work) return this.withErrorScopes(buffer.label, () => this.enqueue(buffer, written, start, data));
    this.touch([written], [written]);
    this.device.queue.writeBuffer(buffer, start, data);
  }

  /** Read a slice's bytes after all that was submitted before. @throws DeviceLostError, DestroyedError, or what the GPU reported of the slice's buffer */
  async readBytes(slice: Slice): Promise<ArrayBuffer> {
    requireWords(slice);
    this.assertAlive();
    const source = this.memory.get(slice.buffer);
    const { start, bytes: size } = copyRange(slice);
    const label = `read ${slice.buffer.name}`;
    const staging = this.submit(label, (encoder) => {
      const made = this.device.createBuffer({ label, size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
      this.touch([slice.buffer], [made]);
      encoder.copyBufferToBuffer(source, start, made, 0, size);
      return made;
    });
    try {
      await this.mapped(staging);
      return staging.getMappedRange().slice(0);
    } finally {
      staging.destroy();
    }
  }

  async read(slice: Slice): Promise<Float32Array> {
    return new Float32Array(await this.readBytes(slice));
  }

  /** Map a staging buffer for reading; a failure becomes the error that caused it. */
  async mapped(staging: GPUBuffer): Promise<void> {
    const begun = this.#faults.begin();
    let refused: unknown = null;
    try {
      await this.withErrorScopes(staging.label, () => {
        this.touch([], [staging]);
        return staging.mapAsync(GPUMapMode.READ);
      });
    } catch (cause) {
      refused = cause;
    }
    await this.#unlessLost(this.#faults.tell([staging], begun));
    if (refused) await this.#unlessLost(Promise.reject(new GpuCommandError(`could not map ${staging.label}: ${String(refused)}`, { cause: refused })));
  }

  /**
   * What a wait throws, or the loss of the device where that is its cause: a browser may refuse the commands of a device that is going
   * away, and announce the loss only then.
   */
  async #unlessLost(waiting: Promise<void>): Promise<void> {
    try {
      await waiting;
    } catch (error) {
      await Promise.race([this.lost, new Promise((resolve) => setTimeout(resolve, LOSS_MS))]);
      this.assertAlive();
      throw error;
    }
    this.assertAlive();
  }

  /** Free every buffer of this engine, and the device if this engine opened it. */
  destroy(): void {
    this.memory.freeAll();
    if (this.owned) this.device.destroy();
  }

  [Symbol.dispose](): void {
    this.destroy();
  }
}

/** The host has arrays of 32-bit elements. */
function requireWords({ buffer }: Slice): void {
  if (buffer.elementBytes !== 4) throw new TypeError(`${buffer.name} holds f16 and stays on the GPU: convert it to or from an f32 array by a kernel`);
}
