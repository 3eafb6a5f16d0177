// @ts-check
// An example's progress and its table, as text.

/** @typedef {import('../../examples/example.ts').Row} Row */

const QUIET_MS = 5000;

/**
 * A line that is written over in a terminal; where output is kept in a file, a line every few seconds. What is to be kept stays.
 * @param {{ isTTY?: boolean, columns?: number, write(text: string): unknown }} screen
 * @param {() => number} [now] in milliseconds
 */
export function createProgress(screen, now = () => performance.now()) {
  const start = now();
  let spoken = -Infinity;
  return {
    /** @param {Row} row */
    show(row) {
      const line = describe(row, (now() - start) / 1000);
      if (screen.isTTY) {
        screen.write(`\r\x1b[K${line.slice(0, (screen.columns ?? 80) - 1)}${row.keep ? '\n' : ''}`);
      } else if (row.keep || now() - spoken >= QUIET_MS) {
        spoken = now();
        screen.write(`${line}\n`);
      }
    },
    /** What comes next begins a line of its own. */
    end() {
      if (screen.isTTY) screen.write('\r\x1b[K');
    },
  };
}

/** @param {Row} row @param {number} seconds since the start */
function describe({ part, step, steps, figures }, seconds) {
  const told = Object.entries(figures).map(([name, value]) => `${name} ${rounded(value)}`);
  return `${part ? `${part} ` : ''}step ${step}/${steps}: ${told.join(', ')}, ${seconds.toFixed(0)} s`;
}

/** @param {number} value */
function rounded(value) {
  return Number.isInteger(value) ? String(value) : value.toPrecision(4);
}

/** A table in Markdown. @param {readonly (readonly string[])[]} rows the first is the heading */
export function formatTable(rows) {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(3, ...rows.map((row) => (row[column] ?? '').length)));
  const line = (/** @type {readonly string[]} */ cells) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`;
  const [heading = [], ...body] = rows;
  const rule = `|${widths.map((width, column) => (column === 0 ? '-'.repeat(width + 2) : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(heading), rule, ...body.map(line)].join('\n');
}
