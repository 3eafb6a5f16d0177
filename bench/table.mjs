// @ts-check
// From rounds to the table. A ratio is a peer's time over Unfold's: above 1 Unfold is faster, below 1 it is slower.

/**
 * @typedef {import('./contest.mjs').Kind} Kind
 * @typedef {object} Row
 * @property {string} config
 * @property {Kind} kind
 * @property {string} name
 * @property {number | undefined} ratio of the fastest rounds, to Unfold's
 * @property {number | undefined} min milliseconds a step in the fastest round
 * @property {number | undefined} median
 * @property {number | undefined} spread slowest round over the fastest, less one
 * @property {string} rounds rounds x steps a round
 * @property {string} note
 */

/**
 * @param {string} config @param {Kind} kind @param {readonly import('./contest.mjs').Contest[]} contests
 * @returns {Row[]} fastest first
 */
export function rowsOf(config, kind, contests) {
  const times = new Map(contests.map((contest) => {
    // Of a contender that turned out wrong, no time counts.
    const rounds = contest.wrong ? [] : contest.rounds[kind];
    return [contest, rounds.map(({ milliseconds, steps }) => milliseconds / steps).sort((a, b) => a - b)];
  }));
  const ours = contests.find(({ name }) => name === 'unfold');
  const reference = ours && times.get(ours)?.[0];
  return contests.map((contest) => {
    const sorted = times.get(contest) ?? [];
    const min = sorted[0];
    const middle = sorted.length >> 1;
    const steps = [...new Set(contest.rounds[kind].map((round) => round.steps))].join('/');
    const notes = contest.notes.filter((note) => !/^(train|forward):/.test(note) || note.startsWith(kind));
    return {
      config,
      kind,
      name: contest.name,
      min,
      ratio: min !== undefined && reference !== undefined ? min / reference : undefined,
      median: sorted.length % 2 ? sorted[middle] : sorted.length ? ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2 : undefined,
      spread: sorted.length > 1 && min !== undefined ? (sorted.at(-1) ?? NaN) / min - 1 : undefined,
      rounds: min === undefined ? '' : `${contest.rounds[kind].length}x${steps}`,
      note: [contest.failure && `${contest.wrong ? 'WRONG' : 'FAILED'}: ${contest.failure}`, ...notes].filter(Boolean).join('; '),
    };
  }).sort((a, b) => (a.min ?? Infinity) - (b.min ?? Infinity));
}

/** @param {readonly Row[]} rows */
export function formatTable(rows) {
  const number = (/** @type {number | undefined} */ value, digits = 1) => value === undefined ? '-' : value.toFixed(digits);
  const cells = rows.map((row) => [
    row.ratio === undefined ? '-' : `${row.ratio.toFixed(2)}x`,
    `${row.config} ${row.kind}`,
    row.name,
    number(row.min),
    number(row.median),
    row.spread === undefined ? '-' : `${(100 * row.spread).toFixed(0)}%`,
    row.rounds,
    row.note,
  ]);
  const head = ['ratio', 'work', 'contender', 'min ms', 'median', 'spread', 'rounds', ''];
  const left = new Set([1, 2, 7]);
  const widths = head.map((title, k) => k === 7 ? 0 : Math.max(title.length, ...cells.map((row) => row[k]?.length ?? 0)));
  const line = (/** @type {string[]} */ row) =>
    row.map((cell, k) => left.has(k) ? cell.padEnd(widths[k] ?? 0) : cell.padStart(widths[k] ?? 0)).join('  ').trimEnd();
  /** @type {string[]} */
  const lines = [line(head)];
  for (const [k, row] of cells.entries()) {
    if (k === 0 || row[1] !== cells[k - 1]?.[1]) lines.push('');
    lines.push(line(row));
  }
  return lines.join('\n');
}

/**
 * A sentence for each peer and work: the better of a peer's formulations against Unfold, a loss as plainly as a win.
 * @param {readonly Row[]} rows
 */
export function summarize(rows) {
  /** @type {Map<string, Row>} */
  const best = new Map();
  for (const row of rows) {
    if (row.name === 'unfold' || row.ratio === undefined) continue;
    const key = `${row.config} ${row.kind} ${row.name.split(' ')[0]}`;
    const known = best.get(key);
    if (!known || row.ratio < (known.ratio ?? Infinity)) best.set(key, row);
  }
  return [...best.values()].map(({ config, kind, name, ratio = NaN }) => ratio >= 1
    ? `${config} ${kind}: ${ratio.toFixed(2)}x as fast as ${name}`
    : `${config} ${kind}: SLOWER than ${name}, at ${ratio.toFixed(2)}x its speed`);
}
