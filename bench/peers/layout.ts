// The border between PyTorch's layouts and those of the peers.

import { directionsOf, parameterShapes, transpose, type Workload } from '../workload.ts';

/** A parameter as Keras keeps it: matrices transposed, gates in the same order (i f c o is i f g o), one bias. */
export interface KerasWeight { readonly name: string; readonly shape: number[]; readonly values: Float32Array }

/** In the order of a Keras model's weights: kernel [I,4H], recurrent kernel [H,4H], bias [4H] a layer and direction; dense [D*H,V], [V]. */
export function kerasWeights({ config, parameters }: Workload): KerasWeight[] {
  return Object.entries(parameterShapes(config)).filter(([name]) => !name.includes('bias_hh')).map(([name, shape]) => {
    const values = parameters[name]!;
    const [rows, columns] = shape;
    return columns === undefined
      ? { name, shape: [rows!], values }
      : { name, shape: [columns, rows!], values: transpose(values, rows!, columns) };
  });
}

/** A gradient in the layout of `kerasWeights`, as PyTorch has it. */
export const fromKeras = ({ shape }: KerasWeight, values: Float32Array): Float32Array =>
  shape.length === 1 ? values : transpose(values, shape[0]!, shape[1]!);

/** PyTorch's gates i f g o in ONNX's order i o f c: [4H,…] → [4H,…]. */
export function onnxGates(values: Float32Array): Float32Array {
  const gate = values.length / 4;
  const [i, f, g, o] = [0, 1, 2, 3].map((k) => values.subarray(k * gate, (k + 1) * gate)) as [Float32Array, Float32Array, Float32Array, Float32Array];
  return concatenate([i, o, f, g]);
}

/** W [D,4H,I], R [D,4H,H] and B [D,8H] of a layer, as ONNX's LSTM takes them. */
export function onnxLayer({ config, parameters }: Workload, layer: number): { readonly W: Float32Array; readonly R: Float32Array; readonly B: Float32Array } {
  const of = (kind: string, suffix: string): Float32Array => onnxGates(parameters[`recurrent.${kind}_l${layer}${suffix}`]!);
  const suffixes = directionsOf(config);
  return {
    W: concatenate(suffixes.map((suffix) => of('weight_ih', suffix))),
    R: concatenate(suffixes.map((suffix) => of('weight_hh', suffix))),
    B: concatenate(suffixes.flatMap((suffix) => [of('bias_ih', suffix), of('bias_hh', suffix)])),
  };
}

export function concatenate(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}
