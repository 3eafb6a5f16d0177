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

/**
 * Climatology: the mean of the known values at the same time of other years, `halfWidth` steps to either side of it.
 * @param places from the end of what is known on.
 * @param options.known how many values, from the first, the means are taken of; at least a year. @param options.period steps of a year.
 */
export function climatologyErrors(
  values: ArrayLike<number>, places: readonly number[], { known, period = 365.25, halfWidth = 10 }: { known: number; period?: number; halfWidth?: number },
): ForecastErrors {
  if (!(known >= period && known <= values.length)) {
    throw new RangeError(`${known} values are known; a mean for every time of the year needs at least ${period}, and there are ${values.length} in all`);
  }
  const forecast = (place: number): number => {
    let [sum, count] = [0, 0];
    for (let i = 0; i < known; i++) {
      const apart = Math.abs(place - i) % period;
      if (Math.min(apart, period - apart) > halfWidth) continue;
      sum += values[i]!;
      count++;
    }
    return sum / count;
  };
  return forecastErrors(places.map(forecast), places.map((place) => values[place]!));
}
