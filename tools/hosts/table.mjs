// @ts-check
// docs/hosts.md: what every host of a machine was measured to be.
import { foldedApart, short, swallowsNaN } from '../probe/describe.mjs';

/** @typedef {{ passed: number, failed: number, skipped: number, seconds: number }} Counts */

/**
 * @typedef {{ host: string, missing: string } | {
 *   host: string,
 *   measured: string the day and the commit
 *   probe: import('../probe/page.ts').ProbeReport,
 *   conformance: string[],
 *   specs: Record<string, Counts>,
 *   failures: string[],
 * }} HostResult
 */

/** @typedef {Extract<HostResult, { probe: unknown }>} Measured */

const NAMES = /** @type {Record<string, string>} */ ({ chromium: 'Chromium (Dawn, Tint)', node: 'Node (Dawn, Tint)', deno: 'Deno (wgpu, naga)', firefox: 'Firefox (wgpu, naga)' });

/** @param {Counts | undefined} counts */
const counted = (counts) => (counts ? `${counts.passed} passed, ${counts.failed} failed, ${counts.skipped} skipped` : 'not run');

/** @type {readonly [heading: string, cell: (one: Measured) => string][]} */
const COLUMNS = [
  ['measured', ({ measured }) => measured],
  ['adapter', ({ probe }) => probe.adapter.name],
  ['conformance', ({ conformance }) => conformance.join(', ')],
  ['specs', ({ specs }) => counted(specs.gpu)],
  ['specs of f16', ({ probe, specs }) => (probe.adapter.features.includes('shader-f16') ? counted(specs.f16) : 'no f16')],
];

/** @type {readonly [heading: string, cell: (one: Measured) => string][]} */
const ACCURACY = [
  ['tanh of WGSL, relative', ({ probe: { accuracy: { functions } } }) => `${short(functions.tanh.relative.error)} at ${short(functions.tanh.relative.x)}`],
  ['tanh of the engine, relative', ({ probe: { accuracy: { functions } } }) => short(functions.bounded_tanh.relative.error)],
  ['sigmoid, absolute', ({ probe: { accuracy: { functions } } }) => short(functions.sigmoid.absolute.error)],
  ['exp, share of WGSL\'s bound', ({ probe: { accuracy: { expOfBound } } }) => short(expOfBound.error)],
  ['folded constants apart, ULP of tanh, exp', ({ probe: { accuracy } }) => `${foldedApart(accuracy, 'tanh')}, ${foldedApart(accuracy, 'exp')}`],
  ['1e6 as f16', ({ probe: { accuracy: { halfOverflow } } }) => (halfOverflow === null ? 'no f16' : String(halfOverflow))],
  ['NaN is lost in', ({ probe: { accuracy } }) => swallowsNaN(accuracy).join(', ') || 'none'],
  ['a dependent dispatch', ({ probe: { dispatches } }) => (dispatches ? `${dispatches.dependent.toFixed(1)} µs` : '–')],
];

/**
 * Hosts that are not among the results keep the rows that they have in `before`, which is the file as it was.
 * @param {readonly HostResult[]} results @param {'default' | 'swiftshader'} adapter @param {string} before @returns {string}
 */
export function renderHosts(results, adapter, before) {
  const missing = results.flatMap((one) => ('missing' in one ? [`${NAMES[one.host]} was not measured: ${one.missing}.`] : []));
  return [
    '# Hosts', '',
    `Written by \`npm run hosts\` on ${adapter === 'default' ? 'the machine\'s own GPU' : 'software adapters'}. Each host runs the same page functions: the case files of`,
    '`npm run conformance` (*own* are the project\'s, of its float64 reference; *given* is another folder), the GPU specs of `npm run test:gpu`, and the probe of `npm run probe`.', '',
    ...table(results, COLUMNS, before, 0), '',
    'Deno and Firefox run on llvmpipe, where specs whose texts take minutes to compile are left out unless `UNFOLD_FULL=1` is set.', '',
    ...missing.flatMap((line) => [line, '']),
    '## How exact the adapters are', '',
    'Errors are the largest over a dense set of points, against float64. WGSL promises tanh to 1e-5 absolute, which is nothing for small values, and exp to 3 + 2|x| units of',
    'the last place (ULP); so the engine\'s tanh is its own. The folded column says by how many ULP a constant that a compiler computes differs from what the device computes of the same number.', '',
    ...table(results, ACCURACY, before, 1), '',
  ].join('\n');
}

/**
 * Hosts side by side, a row each. A row that is kept is the host's `place`-th of the file before.
 * @param {readonly HostResult[]} results @param {typeof COLUMNS} columns @param {string} before @param {number} place @returns {string[]}
 */
function table(results, columns, before, place) {
  const rows = Object.entries(NAMES).flatMap(([host, name]) => {
    const one = results.find((result) => result.host === host);
    if (!one) return before.split('\n').filter((line) => line.startsWith(`| ${name} | `)).slice(place, place + 1);
    return 'missing' in one ? [] : [`| ${name} | ${columns.map(([, cell]) => cell(one)).join(' | ')} |`];
  });
  return [`| host | ${columns.map(([heading]) => heading).join(' | ')} |`, `|---|${columns.map(() => '---').join('|')}|`, ...rows];
}
