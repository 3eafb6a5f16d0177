// Pipelines, made once on a device for each final text, entry and layout, whichever engine on it asks. The key is the text itself, never a
// guess at what it depends on.
import type { Entry } from '../wgsl/types.ts';
import { describeCompilation, ShaderError } from './errors.ts';
import { KernelTexts } from './kernel_text.ts';
import type { Command, Dispatch } from './recording.ts';

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly entry: Entry;
  /** What is wrong with it, for everything that uses it; null where it is known to be good. */
  failure: Promise<Error | null> | null;
}

/** What a pipeline is made of. */
interface Parts {
  readonly module: GPUShaderModule;
  readonly layout: GPUBindGroupLayout;
  readonly descriptor: GPUComputePipelineDescriptor;
}

/** One of each device, for as long as the device is there. */
const caches = new WeakMap<GPUDevice, PipelineCache>();

/** The pipelines of a device, which all engines share that are opened on it. */
export function pipelinesOf(device: GPUDevice): PipelineCache {
  let cache = caches.get(device);
  if (!cache) caches.set(device, (cache = new PipelineCache(device)));
  return cache;
}

export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #texts = new KernelTexts();
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #pipelines = new Map<string, Pipeline>();
  /** Those under way, by key. */
  readonly #preparing = new Map<string, Promise<void>>();

  constructor(device: GPUDevice) {
    this.#device = device;
  }

  get size(): number {
    return this.#pipelines.size;
  }

  /** The pipeline of a dispatch; one that is not there yet holds up what is submitted until it is compiled. */
  get(dispatch: Dispatch): Pipeline {
    const code = this.#texts.get(dispatch);
    const key = keyOf(dispatch, code);
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#create(dispatch, code);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  /**
   * Compile the pipelines of a recording that are not there yet, side by side, while the caller and the GPU go on. Those that fail are
   * left to `get`, which makes them again and finds out why.
   */
  async prepare(commands: Iterable<Command>): Promise<void> {
    const waited = new Set<Promise<void>>();
    for (const command of commands) {
      if (command.kind !== 'dispatch') continue;
      const code = this.#texts.get(command);
      const key = keyOf(command, code);
      if (this.#pipelines.has(key)) continue;
      let preparing = this.#preparing.get(key);
      if (!preparing) {
        preparing = this.#compile(command, code, key).finally(() => this.#preparing.delete(key));
        this.#preparing.set(key, preparing);
      }
      waited.add(preparing);
    }
    await Promise.all(waited);
  }

  async #compile(dispatch: Dispatch, code: string, key: string): Promise<void> {
    const entry = dispatch.shader.entries[dispatch.entry];
    if (!entry) return;
    this.#device.pushErrorScope('validation');
    const { layout, descriptor } = this.#parts(dispatch, entry, code);
    const made = this.#device.createComputePipelineAsync(descriptor);
    const [invalid, compiled] = await Promise.allSettled([this.#device.popErrorScope(), made]);
    if (compiled.status === 'rejected' || invalid.status === 'rejected' || invalid.value || this.#pipelines.has(key)) return;
    this.#pipelines.set(key, { pipeline: compiled.value, layout, entry, failure: null });
  }

  #parts(dispatch: Dispatch, entry: Entry, code: string): Parts {
    const { label } = dispatch;
    let module = this.#modules.get(code);
    if (!module) {
      module = this.#device.createShaderModule({ label: dispatch.shader.name, code });
      this.#modules.set(code, module);
    }
    const entries: GPUBindGroupLayoutEntry[] = entry.bindings.map((b) => ({
      binding: b.binding,
      visibility: GPUShaderStage.COMPUTE,
      buffer: { type: b.kind },
    }));
    if (entry.params) {
      entries.push({
        binding: entry.params.binding,
        visibility: GPUShaderStage.COMPUTE,
        buffer: { type: 'uniform', hasDynamicOffset: true, minBindingSize: entry.params.bytes },
      });
    }
    const layout = this.#device.createBindGroupLayout({ label, entries });
    const descriptor = {
      label,
      layout: this.#device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: dispatch.entry },
    };
    return { module, layout, descriptor };
  }

  #create(dispatch: Dispatch, code: string): Pipeline {
    const { label } = dispatch;
    const entry = dispatch.shader.entries[dispatch.entry];
    if (!entry) throw new Error(`${dispatch.shader.name} has no entry point ${dispatch.entry}`);
    const storage = entry.bindings.length;
    const most = this.#device.limits.maxStorageBuffersPerShaderStage;
    if (storage > most) throw new RangeError(`${label} binds ${storage} storage buffers; this device allows ${most}`);

    this.#device.pushErrorScope('validation');
    const { module, layout, descriptor } = this.#parts(dispatch, entry, code);
    const pipeline = this.#device.createComputePipeline(descriptor);
    const caught = this.#device.popErrorScope();
    const failure = caught.then(async (error) => {
      if (!error) return (made.failure = null);
      const info = await module.getCompilationInfo();
      const detail = info.messages.some((m) => m.type === 'error') ? describeCompilation(label, code, info.messages) : error.message;
      return new ShaderError(`${label} could not be made into a pipeline.\n${detail}`);
    });
    failure.catch(() => {}); // a lost device, which says so itself
    const made: Pipeline = { pipeline, layout, entry, failure };
    return made;
  }
}

const keyOf = ({ entry }: Dispatch, code: string): string => `${entry}\n${code}`;
