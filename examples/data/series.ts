// A series of numbers → its next value from the T before it (many-to-one, regression).

/** Indices of a series, the end not included. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

export interface Series {
  /** In the series' own unit. */
  readonly values: Float64Array<ArrayBuffer>;
  /** (value - mean) / deviation: what a network reads and predicts. */
  readonly scaled: Float32Array<ArrayBuffer>;
  /** Of the training part alone: the network must know nothing of what comes later. */
  readonly mean: number;
  /** Standard deviation of the training part (population). */
  readonly deviation: number;
  /** Where the values to predict lie; the three follow one another in time. */
  readonly training: Range;
  readonly validation: Range;
  readonly test: Range;
}

/**
 * A column of a comma-separated table with a header and no quotes.
 * @throws RangeError where the table has no such column, a row has another number of fields, or a value is no number.
 */
export function parseColumn(csv: string, column: string): Float64Array<ArrayBuffer> {
  const [header = '', ...rows] = csv.trim().split(/\r?\n/);
  const names = header.split(',');
  const at = names.indexOf(column);
  if (at < 0) throw new RangeError(`the table has no column ${JSON.stringify(column)}; it has ${names.join(', ')}`);
  return Float64Array.from(rows, (row, index) => {
    const fields = row.split(',');
    const field = fields[at]?.trim() ?? '';
    const value = Number(field);
    if (fields.length !== names.length || field === '' || !Number.isFinite(value)) {
      throw new RangeError(`line ${index + 2} of the table is ${JSON.stringify(row)}; expected ${names.length} fields with a number as ${column}`);
    }
    return value;
  });
}

/**
 * Cut the series in time and scale it by its training part.
 * @param shares of the series' end, default 0.15 each: first the training part, then validation, then test.
 * @throws RangeError where a part would be empty, or the training part is constant.
 */
export function prepareSeries(values: ArrayLike<number>, shares: { validation?: number; test?: number } = {}): Series {
  const { validation = 0.15, test = 0.15 } = shares;
  const count = values.length;
  const testStart = count - Math.round(count * test);
  const validationStart = testStart - Math.round(count * validation);
  if (!(validationStart > 1 && validationStart < testStart && testStart < count)) {
    throw new RangeError(`a series of ${count} values cannot be cut by ${validation} and ${test}: a part would be empty. Give a longer series or other shares`);
  }
  const all = Float64Array.from(values);
  if (!all.every(Number.isFinite)) throw new RangeError(`value ${all.findIndex((value) => !Number.isFinite(value))} of the series is not finite; fill the gaps`);
  const known = all.subarray(0, validationStart);
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length);
  if (deviation === 0) throw new RangeError(`the first ${known.length} values of the series are all ${mean}: there is nothing to learn`);
  return {
    values: all,
    scaled: Float32Array.from(all, (value) => (value - mean) / deviation),
    mean,
    deviation,
    training: { start: 0, end: validationStart },
    validation: { start: validationStart, end: testStart },
    test: { start: testStart, end: count },
  };
}

/**
 * The places of a part that have T values before them. Those values may lie in the part before: they are past by then.
 * @throws RangeError where there is none.
 */
export function predictable({ start, end }: Range, timeSteps: number): number[] {
  if (!Number.isSafeInteger(timeSteps) || timeSteps < 1) throw new RangeError(`timeSteps is ${timeSteps}; it must be a whole number of at least 1`);
  const first = Math.max(start, timeSteps);
  if (first >= end) throw new RangeError(`no value before ${end} has ${timeSteps} values before it; use timeSteps of at most ${end - 1}`);
  return Array.from({ length: end - first }, (_, i) => first + i);
}

export interface SeriesBatch {
  /** T. */
  readonly timeSteps: number;
  /** N. */
  readonly batchSize: number;
  /** [T,N,1] the scaled values before each place. */
  readonly inputs: Float32Array<ArrayBuffer>;
  /** [N,1] the scaled value at each place. */
  readonly targets: Float32Array<ArrayBuffer>;
}

/** @param places [N] from `predictable` with the same timeSteps. */
export function seriesBatch({ scaled }: Series, places: readonly number[], timeSteps: number): SeriesBatch {
  const batchSize = places.length;
  if (batchSize === 0) throw new RangeError('there are no places; a batch needs at least one');
  const inputs = new Float32Array(timeSteps * batchSize);
  places.forEach((place, n) => {
    if (!(place >= timeSteps && place < scaled.length)) {
      throw new RangeError(`place ${place} has no ${timeSteps} values before it in a series of ${scaled.length}; take places from predictable()`);
    }
    for (let t = 0; t < timeSteps; t++) inputs[t * batchSize + n] = scaled[place - timeSteps + t]!;
  });
  return { timeSteps, batchSize, inputs, targets: Float32Array.from(places, (place) => scaled[place]!) };
}
