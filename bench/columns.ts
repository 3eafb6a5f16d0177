// Text in columns.

/** `alignment` has a letter a column: l or r. The first row is the head; '' where a cell is missing. */
export function columns(rows: readonly (readonly string[])[], alignment: string): string {
  const widths = Array.from(alignment, (_, k) => Math.max(...rows.map((row) => (row[k] ?? '').length)));
  const line = (row: readonly string[]): string =>
    widths.map((width, k) => (alignment[k] === 'l' ? (row[k] ?? '').padEnd(width) : (row[k] ?? '').padStart(width))).join('  ').trimEnd();
  return rows.map(line).join('\n');
}

/** A markdown table; `alignment` as above. */
export function markdownTable(rows: readonly (readonly string[])[], alignment: string): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(Array.from(alignment, (letter) => (letter === 'l' ? '---' : '---:'))), ...body.map(line)].join('\n');
}

export const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(1)} MiB`;
