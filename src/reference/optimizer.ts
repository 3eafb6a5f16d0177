// What a training step asks of an optimizer.

export interface Optimizer {
  /** Step size; may be changed between updates. */
  learningRate: number;
  /** Moves `parameters` in place by `gradients`, which have the same names and sizes. */
  update(parameters: Readonly<Record<string, Float64Array>>, gradients: Readonly<Record<string, Float64Array>>): void;
}

/** Zeros for every parameter on the first use, the same arrays from then on. */
export function momentsOf(store: Map<string, Float64Array>, name: string, size: number): Float64Array {
  let moment = store.get(name);
  if (!moment) store.set(name, (moment = new Float64Array(size)));
  return moment;
}

/** The gradient of `name`. Throws a RangeError where it is missing or of another size. */
export function gradientOf(gradients: Readonly<Record<string, Float64Array>>, name: string, size: number): Float64Array {
  const gradient = gradients[name];
  if (gradient?.length !== size) {
    throw new RangeError(`the gradient of ${name} has ${gradient?.length ?? 'no'} values, but the parameter has ${size}`);
  }
  return gradient;
}
