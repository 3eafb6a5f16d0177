// Pipelines, made once for each final text, entry and layout. The key is the text itself, never a guess at what it depends on.
import type { Entry } from '../wgsl/types.ts';
import { describeCompilation, ShaderError } from './errors.ts';
import { fold } from './fold.ts';
import { storeHalf } from './half.ts';
import { boundElements } from './memory.ts';
import type { Dispatch } from './recording.ts';
import { unroll } from './unroll.ts';

export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
  readonly entry: Entry;
}

/** A dispatch's text as the device gets it. */
function textOf({ shader, entry, constants, folded, params, bindings }: Dispatch): string {
  const code = extensionsOf(constants) + unroll(shader.code, constants);
  const bound = Object.entries(bindings);
  const halves = bound.flatMap(([name, { buffer }]) => (buffer.elementBytes === 2 ? [name] : []));
  if (folded.length === 0) return storeHalf(code, halves);
  const fields = shader.entries[entry]?.params?.fields ?? [];
  const literal = fold(code, {
    params: fields.filter(({ name }) => folded.includes(name)).map((field) => [field, params[field.name]!] as const),
    lengths: new Map(bound.map(([name, slice]) => [name, boundElements(slice)])),
  });
  return storeHalf(literal, halves);
}

/** What the text needs before its first line. Quads share their rows, so they stay together, which the analysis cannot see. */
const extensionsOf = (constants: Readonly<Record<string, number>>): string =>
  constants.QUADS === 1 ? 'enable subgroups;\ndiagnostic(off, subgroup_uniformity);\n' : '';

export class PipelineCache {
  readonly #device: GPUDevice;
  readonly #modules = new Map<string, GPUShaderModule>();
  readonly #pipelines = new Map<string, Pipeline>();
  readonly #report: (pending: Promise<Error | null>) => void;

  /** `report` receives, for each new pipeline, a promise of the error it met, if any. */
  constructor(device: GPUDevice, report: (pending: Promise<Error | null>) => void) {
    this.#device = device;
    this.#report = report;
  }

  get size(): number {
    return this.#pipelines.size;
  }

  /** The pipeline of a dispatch; compiles in the background, and a failure arrives through `report`. */
  get(dispatch: Dispatch): Pipeline {
    const code = textOf(dispatch);
    const key = `${dispatch.entry}\n${code}`;
    let pipeline = this.#pipelines.get(key);
    if (!pipeline) {
      pipeline = this.#create(dispatch, code);
      this.#pipelines.set(key, pipeline);
    }
    return pipeline;
  }

  #create(dispatch: Dispatch, code: string): Pipeline {
    const entry = dispatch.shader.entries[dispatch.entry];
    if (!entry) throw new Error(`${dispatch.shader.name} has no entry point ${dispatch.entry}`);
    const label = dispatch.label;
    const storage = entry.bindings.length;
    const most = this.#device.limits.maxStorageBuffersPerShaderStage;
    if (storage > most) throw new RangeError(`${label} binds ${storage} storage buffers; this device allows ${most}`);

    this.#device.pushErrorScope('validation');
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
    const pipeline = this.#device.createComputePipeline({
      label,
      layout: this.#device.createPipelineLayout({ label, bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: dispatch.entry },
    });
    const failed = this.#device.popErrorScope();
    const compiled = module;
    this.#report(
      failed.then(async (error) => {
        if (!error) return null;
        const info = await compiled.getCompilationInfo();
        const detail = info.messages.some((m) => m.type === 'error') ? describeCompilation(label, code, info.messages) : error.message;
        return new ShaderError(`${label} could not be made into a pipeline.\n${detail}`);
      }),
    );
    return { pipeline, layout, entry };
  }
}
