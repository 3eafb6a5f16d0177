// Line charts as SVG, with logarithmic axes: a power of the size is a straight line.

export interface Series {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

const WIDTH = 480, HEIGHT = 300;
const LEFT = 58, RIGHT = 14, TOP = 34, BOTTOM = 44;
/** They tell apart in grey, too, by their dashes. */
const STYLES = [['#1f6feb', ''], ['#d9480f', '6 3'], ['#2b8a3e', '2 3']] as const;

/** Every point is a dot, every x has its tick. Series need at least one point above 0. */
export function lineChart({ title, x, y, series }: { title: string; x: string; y: string; series: readonly Series[] }): string {
  const all = series.flatMap(({ points }) => points);
  const xs = [...new Set(all.map((point) => point.x))].sort((a, b) => a - b);
  const scaleX = logarithmic(xs[0]!, xs.at(-1)!, LEFT, WIDTH - RIGHT);
  const ticks = decades(Math.min(...all.map((point) => point.y)), Math.max(...all.map((point) => point.y)));
  const scaleY = logarithmic(ticks[0]!, ticks.at(-1)!, HEIGHT - BOTTOM, TOP);
  const at = (value: number): string => value.toFixed(1);
  const lines: string[] = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" font-family="sans-serif" font-size="11">`,
    `<title>${escape(title)}</title>`,
    `<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>`,
    `<text x="${LEFT}" y="18" font-size="13" font-weight="bold">${escape(title)}</text>`,
  ];
  for (const tick of ticks) {
    lines.push(`<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${at(scaleY(tick))}" y2="${at(scaleY(tick))}" stroke="#ddd"/>`,
      `<text x="${LEFT - 6}" y="${at(scaleY(tick) + 4)}" text-anchor="end">${tick}</text>`);
  }
  for (const tick of xs) {
    lines.push(`<line x1="${at(scaleX(tick))}" x2="${at(scaleX(tick))}" y1="${HEIGHT - BOTTOM}" y2="${HEIGHT - BOTTOM + 4}" stroke="#666"/>`,
      `<text x="${at(scaleX(tick))}" y="${HEIGHT - BOTTOM + 16}" text-anchor="middle">${tick}</text>`);
  }
  lines.push(`<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${escape(x)}</text>`,
    `<text transform="translate(14 ${(TOP + HEIGHT - BOTTOM) / 2}) rotate(-90)" text-anchor="middle">${escape(y)}</text>`);
  series.forEach(({ name, points }, k) => {
    const [colour, dashes] = STYLES[k % STYLES.length]!;
    const path = points.map((point, i) => `${i === 0 ? 'M' : 'L'}${at(scaleX(point.x))} ${at(scaleY(point.y))}`).join('');
    lines.push(`<path d="${path}" fill="none" stroke="${colour}" stroke-width="2"${dashes ? ` stroke-dasharray="${dashes}"` : ''}/>`,
      ...points.map((point) => `<circle cx="${at(scaleX(point.x))}" cy="${at(scaleY(point.y))}" r="3" fill="${colour}"/>`));
    if (series.length > 1) lines.push(`<text x="${LEFT + 8}" y="${TOP + 12 + 15 * k}" fill="${colour}">${escape(name)}</text>`);
  });
  return `${[...lines, '</svg>'].join('\n')}\n`;
}

/** From a value to a place, evenly by its logarithm; a single value lies in the middle. */
function logarithmic(from: number, to: number, start: number, end: number): (value: number) => number {
  if (from === to) return () => (start + end) / 2;
  return (value) => start + ((end - start) * Math.log(value / from)) / Math.log(to / from);
}

/** 1, 2, 5, 10 … around the values. */
function decades(least: number, most: number): number[] {
  const ticks: number[] = [];
  for (let power = Math.floor(Math.log10(least)); power <= Math.ceil(Math.log10(most)); power++) {
    for (const digit of [1, 2, 5]) ticks.push(Number(`${digit}e${power}`));
  }
  const first = ticks.findLastIndex((tick) => tick <= least);
  const last = ticks.findIndex((tick) => tick >= most);
  const within = ticks.slice(first, Math.max(last, first + 1) + 1);
  return within.length > 8 ? within.filter((tick, k) => k === 0 || k === within.length - 1 || /^1(0*|e.*)$|^0\.0*1$/.test(String(tick))) : within;
}

const escape = (text: string): string => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');
