// The few loops that every file of the reference is made of. Matrices are flat and row-major.

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** y [R] += a [R,C] · x [C], at the given offsets into y and x. */
export function addProduct(y: Float64Array, yAt: number, a: Float64Array, rows: number, columns: number, x: Float64Array, xAt: number): void {
  for (let r = 0; r < rows; r++) {
    let sum = 0;
    for (let c = 0; c < columns; c++) sum += a[r * columns + c]! * x[xAt + c]!;
    y[yAt + r]! += sum;
  }
}

/** y [C] += aᵀ · x with a [R,C], x [R]. */
export function addTransposedProduct(
  y: Float64Array, yAt: number, a: Float64Array, rows: number, columns: number, x: Float64Array, xAt: number,
): void {
  for (let r = 0; r < rows; r++) {
    const value = x[xAt + r]!;
    for (let c = 0; c < columns; c++) y[yAt + c]! += a[r * columns + c]! * value;
  }
}

/** a [R,C] += x [R] · yᵀ [C]. */
export function addOuterProduct(a: Float64Array, rows: number, columns: number, x: Float64Array, xAt: number, y: Float64Array, yAt: number): void {
  for (let r = 0; r < rows; r++) {
    const value = x[xAt + r]!;
    for (let c = 0; c < columns; c++) a[r * columns + c]! += value * y[yAt + c]!;
  }
}

/** y [R] += x [R]. */
export function addVector(y: Float64Array, yAt: number, x: Float64Array, xAt: number, size: number): void {
  for (let r = 0; r < size; r++) y[yAt + r]! += x[xAt + r]!;
}

/** Throws a RangeError unless `array` has exactly the values that `shape` asks for. */
export function expectShape(name: string, array: ArrayLike<number>, shape: readonly number[]): void {
  const size = shape.reduce((product, extent) => product * extent, 1);
  if (array.length !== size) {
    throw new RangeError(`${name} has ${array.length} values, but its shape [${shape.join(', ')}] holds ${size}; pass a flat row-major array of that size`);
  }
}

/** Throws a RangeError unless every value is a whole number in [0, limit), or is the one value `allowed`. */
export function expectIndices(name: string, values: ArrayLike<number>, limit: number, allowed?: number): void {
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value === allowed) continue;
    if (!Number.isInteger(value) || value < 0 || value >= limit) {
      throw new RangeError(`${name}[${i}] is ${value}, but must be a whole number from 0 to ${limit - 1}`);
    }
  }
}
