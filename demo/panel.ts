// The figures of a run: loss, step, epoch, speed, time trained, gradient norm.
import { number, say, significant } from './language.ts';
import type { ProgressPoint } from './protocol.ts';

const TICK_MS = 1000;

export interface Panel {
  /** `loss`: smoothed, nats per character. */
  update(last: ProgressPoint, loss: number): void;
  /** Back to an earlier step, with the figures that the charts have of it; a later one changes nothing. */
  goBack(step: number, figures: { loss: number; gradientNorm: number }): void;
  /** The clock runs while training does. */
  setRunning(running: boolean): void;
  clear(): void;
  /** In the page's language anew. */
  refresh(): void;
}

export function createPanel(): Panel {
  const cell = (name: string) => document.getElementById(`metric-${name}`)!;
  let last: ProgressPoint | null = null;
  let loss = NaN;
  let trainedMs = 0;
  let since: number | null = null;

  setInterval(() => {
    if (since !== null) showElapsed();
  }, TICK_MS);

  function elapsed(): number {
    return trainedMs + (since === null ? 0 : performance.now() - since);
  }

  function showElapsed(): void {
    cell('elapsed').textContent = elapsed() === 0 ? '–' : clock(elapsed() / 1000);
  }

  function refresh(): void {
    showElapsed();
    const figures = last && {
      loss: say('metricLossUnit', { nats: number(loss, 3), bits: number(loss / Math.LN2, 2) }),
      step: number(last.step),
      epoch: number(last.epochs, 2),
      speed: number(Math.round(last.tokensPerSecond)),
      gradient: significant(last.gradientNorm),
    };
    for (const name of ['loss', 'step', 'epoch', 'speed', 'gradient'] as const) cell(name).textContent = figures?.[name] ?? '–';
  }

  return {
    update(point, smoothed) {
      last = point;
      loss = smoothed;
      refresh();
    },
    goBack(step, figures) {
      if (!last || step >= last.step) return;
      last = { ...last, step, epochs: (last.epochs * step) / last.step, gradientNorm: figures.gradientNorm };
      loss = figures.loss;
      refresh();
    },
    setRunning(running) {
      if (running) {
        since ??= performance.now();
      } else {
        trainedMs = elapsed();
        since = null;
      }
      showElapsed();
    },
    clear() {
      last = null;
      trainedMs = 0;
      since = null;
      refresh();
    },
    refresh,
  };
}

/** 75 → 1:15, 3675 → 1:01:15. */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const from = parts[0] === 0 ? 1 : 0;
  return parts.slice(from).map((part, i) => (i === 0 ? String(part) : String(part).padStart(2, '0'))).join(':');
}
