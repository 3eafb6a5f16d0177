// docs/performance.md and its charts, from the results alone: nobody writes figures there by hand.

import { configNamed, configs, describeConfig } from './configs.ts';
import { lineChart } from './chart.ts';
import { markdownTable, mebibytes } from './columns.ts';
import { literatureCells } from './literature.ts';
import { disagreement } from './profile.ts';
import type { About, ScalingSection, Sections } from './results.ts';
import { formatSpread, formatTime, memoryCells, notesOf, ownFigures, rowsOf, summarizeRows, tableCells } from './table.ts';

/** File name to text; the names are relative to docs/. */
export function renderReport(about: About, sections: Sections): Record<string, string> {
  const files: Record<string, string> = {};
  const parts: string[] = [
    '# Performance',
    'Written by `npm run bench`; do not edit.',
    [`- adapter: ${about.adapter}${about.software ? ', a software adapter: its ratios predict nothing for a GPU' : ''}`, `- ${about.runtime}`, `- cpu: ${about.cpu}`].join('\n'),
  ];
  const order = Object.keys(configs);
  const measured = Object.entries(sections.configs).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  if (measured.length > 0) parts.push(...tableParts(about, sections, Object.fromEntries(measured)));
  for (const [name, { kernels, replays, step, date }] of Object.entries(sections.profiles)) {
    const total = kernels.reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    const doubt = disagreement({ kernels, step });
    parts.push(`## Where a training step of ${name} goes`,
      `${date}, mean of ${replays} replays, ${total.toFixed(1)} ms of kernels; ${step.toFixed(1)} ms a step as it is trained. ± is one standard deviation from the rounding of the GPU's clock.${doubt === null ? '' : ` Mind: ${doubt}.`}`,
      markdownTable([['kernel', 'dispatches', 'ms', '±', 'share'], ...kernels.map(({ label, dispatches, milliseconds, uncertainty }) =>
        [`\`${label}\``, String(dispatches), milliseconds.toFixed(2), uncertainty.toFixed(2), `${(100 * milliseconds / total).toFixed(1)} %`])], 'lrrrr'));
  }
  if (sections.literature) {
    parts.push('## The literature\'s point', `N=16, H=768, one LSTM layer; ${sections.literature.date}. ${sections.literature.torch?.about ?? 'No PyTorch with CUDA beside it.'}`,
      markdownTable(literatureCells(sections.literature), 'lrrr'));
  }
  if (sections.scaling) {
    const { text, charts } = scalingParts(sections.scaling);
    parts.push(...text);
    Object.assign(files, charts);
  }
  files['performance.md'] = `${parts.join('\n\n')}\n`;
  return files;
}

function tableParts(about: About, sections: Sections, measured: Sections['configs']): string[] {
  const rows = Object.entries(measured).flatMap(([name, section]) => rowsOf(name, section, about.software));
  const cells = tableCells(rows);
  const all = Object.values(measured);
  const notes = notesOf(measured);
  return [
    '## Beside other engines',
    [
      'Ours is the fastest of interleaved rounds, with how far the slowest lies behind. A peer\'s column is its time over ours, at the better of its formulations: above 1 Unfold is',
      'faster, below 1 slower. Every contender computes the same losses from the same weights, checked against a float64 reference before it is timed.',
      '`–`: the peer cannot do it. In brackets what is expected at least.',
    ].join('\n'),
    markdownTable(cells, `lrr${'r'.repeat(cells[0]!.length - 3)}`),
    Object.keys(measured).map((name) => `- ${name}: ${describeConfig(configNamed(name))}`).join('\n'),
    `Measured ${all[0]!.date} to ${all.at(-1)!.date} (UTC), load ${Math.min(...all.map(({ load }) => load[0])).toFixed(1)} to ${Math.max(...all.map(({ load }) => load[1])).toFixed(1)}.`,
    [...summarizeRows(rows), ...ownFigures({ ...sections, configs: measured }, about.software)].map((line) => `- ${line}`).join('\n'),
    ...(notes.length > 0 ? [['Notes:', '', ...notes.map((note) => `- ${note}`)].join('\n')] : []),
    '### Memory',
    markdownTable(memoryCells(measured), 'llrl'),
  ];
}

const SWEPT = { T: 'steps T', H: 'hidden units H', N: 'rows N', L: 'layers L' } as const;

function scalingParts({ points, memory, date, load }: ScalingSection): { text: string[]; charts: Record<string, string> } {
  const text = ['## How it scales', `A training step of an LSTM character model, V=64, each size swept alone; ${date}, load ${load[0].toFixed(1)} to ${load[1].toFixed(1)}.`];
  const charts: Record<string, string> = {};
  for (const swept of ['T', 'H', 'N', 'L'] as const) {
    const own = points.filter((point) => point.swept === swept);
    if (own.length === 0) continue;
    const { T, H, N, L } = own[0]!;
    const rest = Object.entries({ T, H, N, L }).filter(([letter]) => letter !== swept).map(([letter, size]) => `${letter}=${size}`).join(' ');
    charts[`scaling_${swept}.svg`] = lineChart({
      title: `Time against ${swept} (${rest})`, x: SWEPT[swept], y: 'ms a training step', series: [{ name: 'train', points: own.map((point) => ({ x: point[swept], y: point.train.min })) }],
    });
    text.push(`### Time against ${swept}`, `![Time against ${swept}](scaling_${swept}.svg)`,
      markdownTable([[swept, 'ms a step', 'spread', `ms / ${swept}`], ...own.map((point) =>
        [String(point[swept]), formatTime('train', point.train.min), formatSpread(point.train.spread), (point.train.min / point[swept]).toPrecision(3)])], 'rrrr'));
  }
  if (memory.length > 0) {
    const { H, N, L } = memory[0]!;
    charts['scaling_memory.svg'] = lineChart({
      title: `Memory against T (H=${H} N=${N} L=${L})`, x: SWEPT.T, y: 'MiB of a training plan',
      series: [
        { name: 'every step kept', points: memory.map(({ T, bytes }) => ({ x: T, y: bytes / 2 ** 20 })) },
        { name: 'checkpointEvery about √T', points: memory.map(({ T, checkpointed }) => ({ x: T, y: checkpointed.bytes / 2 ** 20 })) },
      ],
    });
    text.push('### Memory against T', `A recurrent plan with training, H=${H} N=${N} L=${L}, by its own memory plan. What still grows with T where states are computed again are the arrays that the application gives and gets: input, output and the gradients of both.`, '![Memory against T](scaling_memory.svg)',
      markdownTable([['T', 'every step kept', 'checkpointEvery', 'with it'], ...memory.map(({ T, bytes, checkpointed }) =>
        [String(T), mebibytes(bytes), String(checkpointed.every), mebibytes(checkpointed.bytes)])], 'rrrr'));
  }
  return { text, charts };
}
