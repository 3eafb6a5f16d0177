// How far forecasts of a series are off, and what is reached without learning.

export interface ForecastErrors {
  /** Mean squared error, in the unit's square. */
  readonly mse: number;
  /** Its root, in the unit. */
  readonly rmse: number;
  /** Mean absolute error, in the unit. */
  readonly mae: number;
}

/** @throws RangeError where the two differ in length or are empty. */
export function forecastErrors(forecasts: ArrayLike<number>, truths: ArrayLike<number>): ForecastErrors {
  if (forecasts.length !== truths.length || truths.length === 0) {
    throw new RangeError(`there are ${forecasts.length} forecasts for ${truths.length} values; give one for each, at least one`);
  }
  let squares = 0;
  let absolutes = 0;
  for (let i = 0; i < truths.length; i++) {
    const error = forecasts[i]! - truths[i]!;
    squares += error * error;
    absolutes += Math.abs(error);
  }
  const mse = squares / truths.length;
  return { mse, rmse: Math.sqrt(mse), mae: absolutes / truths.length };
}

/**
 * Persistence: the value before each place is its forecast.
 * @param places from 1.
 */
export function persistenceErrors(values: ArrayLike<number>, places: readonly number[]): ForecastErrors {
  const outside = places.find((place) => !(Number.isSafeInteger(place) && place >= 1 && place < values.length));
  if (outside !== undefined) throw new RangeError(`place ${outside} has no value before it; places go from 1 to ${values.length - 1}`);
  return forecastErrors(places.map((place) => values[place - 1]!), places.map((place) => values[place]!));
}

/** One number, such as the training part's mean, as the forecast of every place. */
export function constantErrors(values: ArrayLike<number>, places: readonly number[], forecast: number): ForecastErrors {
  return forecastErrors(places.map(() => forecast), places.map((place) => values[place]!));
}
