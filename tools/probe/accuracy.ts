// How accurate an adapter's arithmetic is where the engine rests on it: tanh, exp and the activations against float64, constants that a
// compiler folds against what the device computes, overflow into f16, and what becomes of NaN. By WebGPU alone, of a given device.

import { storeHalf } from '../../src/shader_text/half.ts';
import { reachable } from '../../src/shader_text/reachable.ts';
import { unroll } from '../../src/shader_text/unroll.ts';
import shader from './accuracy.wgsl';

/** JSON has no numbers that are not finite: these are spelled. */
export type Spelled = number | 'NaN' | 'Infinity' | '-Infinity';

export interface Worst {
  readonly error: Spelled;
  /** Where. */
  readonly x: number;
}

/** Errors against float64 over `points` values of x from `from` to `to`. */
export interface Accuracy {
  readonly from: number;
  readonly to: number;
  readonly points: number;
  readonly absolute: Worst;
  readonly relative: Worst;
  /** In units of the last place that float32 has at the true value. */
  readonly ulp: Worst;
}

/** One expression of a constant, in units of the last place away from the device's own value of the same x. */
export interface Folded {
  readonly expression: 'tanh' | 'exp';
  readonly x: number;
  /** A constant expression, which WGSL's compiler computes. */
  readonly constant: Spelled;
  /** A call with a constant, which the driver's compiler may compute. */
  readonly inlined: Spelled;
}

type Measured = 'tanh' | 'exp' | 'bounded_tanh' | 'sigmoid';
type Row = Measured | 'activate sigmoid' | 'activate tanh' | 'activate relu' | 'activate affine' | 'activate hard_sigmoid' | 'max' | 'min' | 'clamp';

export interface AccuracyReport {
  readonly functions: Readonly<Record<Measured, Accuracy>>;
  /** Most of exp's error as a share of the (3 + 2|x|) units in the last place that WGSL allows. */
  readonly expOfBound: Worst;
  /** Largest |tanh|: of the adapter's, and of the library's. */
  readonly largest: { readonly tanh: Spelled; readonly bounded_tanh: Spelled };
  /** Values at 1e4, -1e4, the largest floats and the infinities, in this order. */
  readonly far: Readonly<Record<'tanh' | 'bounded_tanh' | 'sigmoid', readonly Spelled[]>>;
  readonly folded: readonly Folded[];
  /** What 1e6, of which a buffer holds the f32, becomes in a storage array of f16; null where the device was made without f16. */
  readonly halfOverflow: Spelled | null;
  /** What a function gives for NaN: 0.2 and 0.5 are the alpha and beta of the activations that have them; max and min are with 0, clamp is to ±1. */
  readonly ofNaN: Readonly<Record<Row, Spelled>>;
}

/** In the order of the rows of y in accuracy.wgsl. */
const ROWS: readonly Row[] = [
  'tanh', 'exp', 'bounded_tanh', 'sigmoid', 'activate sigmoid', 'activate tanh', 'activate relu', 'activate affine', 'activate hard_sigmoid', 'max', 'min', 'clamp',
];
const EXACT: Readonly<Record<Measured, (x: number) => number>> = {
  tanh: Math.tanh,
  exp: Math.exp,
  bounded_tanh: Math.tanh,
  // 1 + exp(-x) would lose nothing that float32 has.
  sigmoid: (x) => 1 / (1 + Math.exp(-x)),
};
const LIMIT: Readonly<Record<Measured, number>> = { tanh: 20, exp: 80, bounded_tanh: 20, sigmoid: 80 };
const FAR = [1e4, -1e4, 3.4028234663852886e38, -3.4028234663852886e38, Infinity, -Infinity];
const CONSTANTS = [0.2, 0.3, 0.4, 0.5, 0.8, 1, 1.7, 3];

type Entry = 'measure' | 'fold' | 'store';

/** @returns numbers and spelled numbers only: the report survives JSON */
export async function measureAccuracy(device: GPUDevice): Promise<AccuracyReport> {
  const x = Float32Array.from([...points(), ...CONSTANTS, ...FAR, NaN]);
  const y = await run(device, 'measure', x, ROWS.length * x.length);
  const row = (name: Row): Float32Array => y.subarray(ROWS.indexOf(name) * x.length, (ROWS.indexOf(name) + 1) * x.length);
  const measured = x.length - CONSTANTS.length - FAR.length - 1;
  const dense = x.subarray(0, measured);
  const far = (name: Row): Spelled[] => [...row(name).subarray(-FAR.length - 1, -1)].map(spelled);
  const largest = (name: Row): Spelled => spelled(row(name).subarray(0, -1).reduce((most, value) => greater(Math.abs(value), most), 0));
  return {
    functions: Object.fromEntries((Object.keys(EXACT) as Measured[]).map((name) => [name, accuracy(name, dense, row(name))])) as Record<Measured, Accuracy>,
    expOfBound: worst(dense.filter((at) => Math.abs(at) <= LIMIT.exp), (at, i) => ulps(row('exp')[i]!, Math.exp(at)) / (3 + 2 * Math.abs(at))),
    largest: { tanh: largest('tanh'), bounded_tanh: largest('bounded_tanh') },
    far: { tanh: far('tanh'), bounded_tanh: far('bounded_tanh'), sigmoid: far('sigmoid') },
    folded: (await Promise.all(CONSTANTS.map(async (at, i) => {
      const [tanhConstant, expConstant, tanhInlined, expInlined] = await run(device, 'fold', x.subarray(0, 1), 4, { POINT: at }) as unknown as [number, number, number, number];
      const apart = (folded: number, name: Row): Spelled => spelled(ulps(folded, row(name)[measured + i]!));
      return [
        { expression: 'tanh', x: at, constant: apart(tanhConstant, 'tanh'), inlined: apart(tanhInlined, 'tanh') },
        { expression: 'exp', x: at, constant: apart(expConstant, 'exp'), inlined: apart(expInlined, 'exp') },
      ] as const;
    }))).flat(),
    halfOverflow: device.features.has('shader-f16') ? spelled(halfOf(new Uint16Array((await run(device, 'store', Float32Array.of(1e6), 1)).buffer)[0]!)) : null,
    ofNaN: Object.fromEntries(ROWS.map((name) => [name, spelled(row(name).at(-1)!)])) as Record<Row, Spelled>,
  };
}

/** Both signs: from 1e-6 by equal factors, then by equal steps. They are in order of size, so that those up to a limit come first. */
function points(): number[] {
  const small = Array.from({ length: 4096 }, (_, i) => 1e-6 * 10 ** (6 * i / 4096));
  const large = Array.from({ length: 16384 }, (_, i) => 1 + (79 * i) / 16383);
  return [...small, ...large].flatMap((at) => [at, -at]);
}

function accuracy(name: Measured, x: Float32Array, y: Float32Array): Accuracy {
  const within = x.filter((at) => Math.abs(at) <= LIMIT[name]);
  const exact = EXACT[name];
  return {
    from: -LIMIT[name],
    to: LIMIT[name],
    points: within.length,
    absolute: worst(within, (at, i) => Math.abs(y[i]! - exact(at))),
    relative: worst(within, (at, i) => Math.abs(y[i]! / exact(at) - 1)),
    ulp: worst(within, (at, i) => ulps(y[i]!, exact(at))),
  };
}

/** `NaN` is worse than any number. */
const greater = (a: number, b: number): number => (Number.isNaN(a) || a > b ? a : b);

function worst(x: Float32Array, errorAt: (x: number, i: number) => number): Worst {
  let found = { error: -1, x: 0 };
  x.forEach((at, i) => {
    const error = errorAt(at, i);
    if (!Number.isNaN(found.error) && greater(error, found.error) !== found.error) found = { error, x: at };
  });
  return { error: spelled(found.error), x: found.x };
}

/** The distance in units in the last place of float32 at `exact`. */
function ulps(got: number, exact: number): number {
  const exponent = Math.max(-126, Math.floor(Math.log2(Math.abs(exact))));
  return Math.abs(got - exact) / 2 ** (exponent - 23);
}

const spelled = (value: number): Spelled => (Number.isFinite(value) ? value : (String(value) as Spelled));

function halfOf(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const [exponent, fraction] = [(bits >> 10) & 31, bits & 1023];
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? (1 + fraction / 1024) * 2 ** (exponent - 15) : fraction * 2 ** -24);
}

/** One dispatch of an entry over x, and what it wrote to its output: `count` elements. */
async function run(device: GPUDevice, name: Entry, x: Float32Array<ArrayBuffer>, count: number, constants: Readonly<Record<string, number>> = {}): Promise<Float32Array> {
  const entry = shader.entries[name];
  const made: GPUBuffer[] = [];
  const buffer = (size: number, usage: number): GPUBuffer => {
    const one = device.createBuffer({ size, usage });
    made.push(one);
    return one;
  };
  const text = unroll(reachable(shader.code, name), constants);
  const code = name === 'store' ? storeHalf(text, ['stored']) : text;
  const pipeline = await device.createComputePipelineAsync({ layout: 'auto', compute: { module: device.createShaderModule({ code }), entryPoint: name } });
  const output = buffer(4 * count, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC);
  const input = buffer(x.byteLength, GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST);
  device.queue.writeBuffer(input, 0, x);
  const entries: GPUBindGroupEntry[] = entry.bindings.map(({ name: binding, binding: place }) => ({ binding: place, resource: { buffer: binding === 'x' ? input : output } }));
  if (entry.params) {
    const params = buffer(16, GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST);
    device.queue.writeBuffer(params, 0, Uint32Array.of(x.length, 0, 0, 0));
    entries.push({ binding: entry.params.binding, resource: { buffer: params } });
  }
  const result = buffer(4 * count, GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST);
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, device.createBindGroup({ layout: pipeline.getBindGroupLayout(0), entries }));
  pass.dispatchWorkgroups(Math.ceil(x.length / entry.workgroupSize[0]));
  pass.end();
  encoder.copyBufferToBuffer(output, 0, result, 0, 4 * count);
  device.queue.submit([encoder.finish()]);
  await result.mapAsync(GPUMapMode.READ);
  const values = new Float32Array(result.getMappedRange().slice(0));
  for (const one of made) one.destroy();
  return values;
}
