// @ts-check
// An accuracy report in words.

/** @typedef {import('./accuracy.ts').AccuracyReport} AccuracyReport */
/** @typedef {import('./accuracy.ts').Spelled} Spelled */

/** @param {Spelled} value */
export const short = (value) => (typeof value === 'number' ? value.toExponential(1) : value);

/** How many units of the last place a folded constant is away from the device's own value, at most. @param {AccuracyReport} report @param {'tanh' | 'exp'} expression */
export function foldedApart({ folded }, expression) {
  const distances = folded.filter((one) => one.expression === expression).flatMap(({ constant, inlined }) => [constant, inlined]);
  const numbers = distances.filter((distance) => typeof distance === 'number').map(Math.abs);
  return numbers.length < distances.length ? 'not finite' : String(Math.max(...numbers));
}

/** Functions that give something else than NaN for NaN. @param {AccuracyReport} report */
export const swallowsNaN = ({ ofNaN }) => Object.entries(ofNaN).filter(([, value]) => value !== 'NaN').map(([name, value]) => `${name} gives ${value}`);

/** @param {AccuracyReport} report @returns {string[]} lines */
export function describeAccuracy(report) {
  const { functions, expOfBound, halfOverflow, largest } = report;
  return [
    ...Object.entries(functions).map(([name, { absolute, relative, ulp }]) =>
      // Of exp the absolute error says nothing: it grows with the value.
      `${name}: off by ${name === 'exp' ? '' : `${short(absolute.error)} absolute, `}${short(relative.error)} relative (at ${relative.x.toExponential(2)}), ${short(ulp.error)} units of the last place`),
    `exp: ${short(expOfBound.error)} of the error that WGSL allows`,
    `largest |tanh|: ${largest.tanh}, of the engine's ${largest.bounded_tanh}`,
    `a folded constant against the device's own value: tanh ${foldedApart(report, 'tanh')}, exp ${foldedApart(report, 'exp')} units of the last place apart`,
    `1e6 stored as f16: ${halfOverflow === null ? 'no f16 here' : halfOverflow}`,
    `of NaN: ${swallowsNaN(report).join(', ') || 'NaN, from every function'}`,
  ];
}
