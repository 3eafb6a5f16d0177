// Two charts over the training steps: the loss against what no context can reach, and the gradient's norm.
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { number, say, significant } from './language.ts';
import type { ProgressPoint } from './protocol.ts';

/** Each step weighs 1/10 in the smoothed line; the first steps are corrected for their missing past. */
const KEEP = 0.9;
/** A redraw costs milliseconds on a slow machine, so steps are drawn in groups. */
const REDRAW_MS = 250;
const NARROW_PX = 480;

/** Nats per character. */
export interface Baselines {
  readonly uniform: number;
  readonly unigram: number;
}

export interface Charts {
  add(points: readonly ProgressPoint[]): void;
  /** Forget every point behind `step`: training goes on from there. */
  truncate(step: number): void;
  setBaselines(baselines: Baselines | null): void;
  setLogSteps(on: boolean): void;
  /** Build anew: colours or language have changed. */
  rebuild(): void;
  /** Smoothed loss at a step, or at the last one, nats per character; NaN where there is none. */
  smoothed(step?: number): number;
  /** At the last step; NaN before the first. */
  gradientNorm(): number;
}

export function createCharts(lossElement: HTMLElement, gradientElement: HTMLElement): Charts {
  const steps: number[] = [];
  const losses: number[] = [];
  const smooth: number[] = [];
  const norms: number[] = [];
  let average = 0; // the sum behind the smoothed line, before its correction
  let baselines: Baselines | null = null;
  let logSteps = false;
  let lossChart: uPlot | null = null;
  let gradientChart: uPlot | null = null;
  let timer = 0;

  function push(step: number, loss: number, norm: number): void {
    average = KEEP * average + (1 - KEEP) * loss;
    steps.push(step);
    losses.push(loss);
    smooth.push(average / (1 - KEEP ** steps.length));
    norms.push(norm);
  }

  const stepRange = (): uPlot.Range.MinMax => {
    const last = steps.at(-1) ?? 0;
    return logSteps ? [1, Math.max(10, last)] : [0, Math.max(50, last)];
  };

  const lossRange = (): uPlot.Range.MinMax => {
    const high = Math.max(baselines?.uniform ?? 0, smooth[0] ?? 0, 1);
    return [0, high * 1.08];
  };

  function drawBaselines(u: uPlot): void {
    if (!baselines) return;
    const { ctx, bbox } = u;
    ctx.save();
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 4 * devicePixelRatio]);
    for (const [value, colour] of [[baselines.uniform, '--uniform'], [baselines.unigram, '--unigram']] as const) {
      const y = Math.round(u.valToPos(value, 'nats', true)) + 0.5;
      ctx.strokeStyle = css(colour);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    ctx.restore();
  }

  function buildLoss(): uPlot {
    const narrow = lossElement.clientWidth < NARROW_PX;
    const chart = new uPlot({
      ...frame(lossElement),
      scales: {
        x: { time: false, distr: logSteps ? 3 : 1, range: stepRange },
        nats: { range: lossRange },
        bits: { from: 'nats', range: (_u, min, max) => [min / Math.LN2, max / Math.LN2] },
      },
      axes: [
        stepAxis(),
        { ...axis(), scale: 'nats', size: narrow ? 38 : 50, ...axisTitle('chartNats', narrow) },
        { ...axis(), scale: 'bits', side: 1, grid: { show: false }, size: narrow ? 34 : 48, ...axisTitle('chartBits', narrow) },
      ],
      series: [
        {},
        { scale: 'nats', stroke: css('--raw'), width: 1, points: { show: false } },
        { scale: 'nats', stroke: css('--accent'), width: 2, points: { show: false } },
      ],
      hooks: { drawClear: [drawBaselines] },
    }, [steps, losses, smooth], lossElement);
    return chart;
  }

  function buildGradient(): uPlot {
    const narrow = gradientElement.clientWidth < NARROW_PX;
    return new uPlot({
      ...frame(gradientElement),
      scales: {
        x: { time: false, distr: logSteps ? 3 : 1, range: stepRange },
        y: { range: (_u, _min, max) => [0, Number.isFinite(max) && max > 0 ? max * 1.1 : 1] },
      },
      axes: [
        stepAxis(),
        { ...axis(), size: narrow ? 38 : 50, space: 24, ...axisTitle('chartGradient', narrow) },
        // as wide as the bits axis above, so that the steps of both charts stand under each other
        { ...axis(), side: 1, size: narrow ? 34 : 48, ...axisTitle('chartBits', narrow), label: narrow ? undefined : ' ', grid: { show: false }, ticks: { show: false },
          values: (_u, splits) => splits.map(() => '') },
      ],
      series: [{}, { stroke: css('--gradient'), width: 1, points: { show: false } }],
    }, [steps, norms], gradientElement);
  }

  function stepAxis(): uPlot.Axis {
    return { ...axis(), size: 30, space: 60, values: (_u, splits) => splits.map((v) => (v === null ? '' : number(v))) };
  }

  function describe(): void {
    const step = steps.at(-1);
    const empty = step === undefined;
    lossElement.setAttribute('aria-label', empty ? say('chartTitle') : say('chartSummary', {
      step: number(step), loss: number(smooth.at(-1)!, 2),
      uniform: baselines ? number(baselines.uniform, 2) : '–', unigram: baselines ? number(baselines.unigram, 2) : '–',
    }));
    gradientElement.setAttribute('aria-label',
      empty ? say('chartGradientTitle') : say('gradientSummary', { step: number(step), norm: significant(norms.at(-1)!) }));
  }

  function draw(): void {
    timer = 0;
    lossChart?.setData([steps, losses, smooth]);
    gradientChart?.setData([steps, norms]);
    describe();
  }

  function drawSoon(): void {
    timer ||= window.setTimeout(draw, REDRAW_MS);
  }

  function rebuild(): void {
    lossChart?.destroy();
    gradientChart?.destroy();
    lossChart = buildLoss();
    gradientChart = buildGradient();
    describe();
  }

  // A lost GPU takes what the canvases showed with it.
  for (const element of [lossElement, gradientElement]) element.addEventListener('contextrestored', rebuild, { capture: true });

  let width = 0;
  new ResizeObserver(() => {
    if (lossElement.clientWidth === width || lossElement.clientWidth === 0) return;
    width = lossElement.clientWidth;
    rebuild();
  }).observe(lossElement);

  return {
    add(points) {
      for (const { step, loss, gradientNorm } of points) push(step, loss, gradientNorm);
      drawSoon();
    },
    truncate(step) {
      const kept = steps.map((s, i) => [s, losses[i]!, norms[i]!] as const).filter(([s]) => s <= step);
      steps.length = losses.length = smooth.length = norms.length = 0;
      average = 0;
      for (const [s, loss, norm] of kept) push(s, loss, norm);
      drawSoon();
    },
    setBaselines(next) {
      baselines = next;
      drawSoon();
    },
    setLogSteps(on) {
      logSteps = on;
      rebuild();
    },
    rebuild,
    gradientNorm: () => norms.at(-1) ?? NaN,
    smoothed: (step) => (step === undefined ? smooth.at(-1) : smooth[steps.indexOf(step)]) ?? NaN,
  };
}

function css(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function font(): string {
  return `12px ${getComputedStyle(document.body).fontFamily}`;
}

function axis(): uPlot.Axis {
  const line = { stroke: css('--rule'), width: 1 };
  return { stroke: css('--soft'), font: font(), labelFont: font(), grid: line, ticks: { ...line, size: 4 }, gap: 4 };
}

/** On a narrow chart the axis titles would take a third of the width: the figures stand alone. */
function axisTitle(key: 'chartNats' | 'chartBits' | 'chartGradient', narrow: boolean): Partial<uPlot.Axis> {
  return narrow ? {} : { label: say(key), labelSize: 22, labelGap: 2 };
}

function frame(element: HTMLElement): Pick<uPlot.Options, 'width' | 'height' | 'legend' | 'cursor' | 'padding'> {
  return {
    width: element.clientWidth,
    height: element.clientHeight,
    padding: [8, 0, 0, 0],
    legend: { show: false },
    cursor: { show: false },
  };
}
