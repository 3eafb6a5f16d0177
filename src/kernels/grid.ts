// How many workgroups cover so many threads.

/** WebGPU's guaranteed most workgroups a dimension. */
const MOST = 65_535;

/** A grid for `threads` threads in workgroups of `size`, folded into y where x alone cannot count them. */
export function grid(threads: number, size: number): [number, number, number] {
  const groups = Math.max(1, Math.ceil(threads / size));
  if (groups <= MOST) return [groups, 1, 1];
  const y = Math.ceil(groups / MOST);
  if (y > MOST) throw new RangeError(`${threads} threads are more than one dispatch can hold: use a smaller batch or window`);
  return [Math.ceil(groups / y), y, 1];
}

/** A grid whose x runs along the columns, in workgroups of `size`, and whose y and z count the rows: no division in the kernel. */
export function rowGrid(rows: number, columns: number, size: number): [number, number, number] {
  const [y, z] = grid(rows, 1);
  return [Math.max(1, Math.ceil(columns / size)), y, z];
}
