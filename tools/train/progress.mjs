// @ts-check
// Training's progress in a terminal: two lines that stand still, or, where output is kept in a file, a line every few seconds.

/** @typedef {import('./types.ts').Progress} Progress */

/**
 * @typedef {object} Screen
 * @property {boolean} [isTTY]
 * @property {number} [columns]
 * @property {(text: string) => unknown} write
 */

const QUIET_SECONDS = 5;

/**
 * @param {Screen} screen
 * @param {{ steps: number, vocabularySize: number, unigramEntropy: number, now?: () => number }} run `now` in milliseconds
 */
export function createProgress(screen, { steps, vocabularySize, unigramEntropy, now = () => performance.now() }) {
  const start = now();
  const baselines = `uniform ${Math.log(vocabularySize).toFixed(3)}, unigram ${unigramEntropy.toFixed(3)}`;
  let drawn = false;
  let spoken = -Infinity;

  /** @param {Progress} progress */
  function facts({ step, loss, gradientNorm, tokensPerSecond }) {
    const left = duration(((now() - start) / 1000 / step) * (steps - step));
    return {
      counted: `step ${step}/${steps}`,
      losses: `loss ${loss.toFixed(3)} nats, ${(loss / Math.LN2).toFixed(3)} bits (${baselines})`,
      norm: `|gradient| ${Number(gradientNorm.toPrecision(3))}`,
      speed: `${Math.round(tokensPerSecond).toLocaleString('en')} tokens/s`,
      left: step < steps ? `${left} left` : `took ${duration((now() - start) / 1000)}`,
    };
  }

  return {
    /** @param {Progress} progress */
    show(progress) {
      const { counted, losses, norm, speed, left } = facts(progress);
      if (!screen.isTTY) {
        const seconds = now() / 1000;
        if (progress.step < steps && seconds - spoken < QUIET_SECONDS) return;
        spoken = seconds;
        screen.write(`${counted}: ${losses}, ${norm}, ${speed}, ${left}\n`);
        return;
      }
      const width = (screen.columns ?? 80) - 1;
      const around = `  ${counted}  ${speed}  ${left}`;
      const first = bar(progress.step / steps, Math.max(8, Math.min(40, width - around.length))) + around;
      // Up over the two lines of before; each is cut, since a line that wraps would be three.
      screen.write(`${drawn ? '\x1b[2A' : ''}\r\x1b[K${first.slice(0, width)}\n\x1b[K${`${losses}  ${norm}`.slice(0, width)}\n`);
      drawn = true;
    },
  };
}

/** @param {number} share 0 to 1 @param {number} width */
function bar(share, width) {
  const full = Math.floor(share * width);
  return '█'.repeat(full) + '░'.repeat(width - full);
}

/** @param {number} seconds */
function duration(seconds) {
  const whole = Math.round(seconds);
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return hours > 0 ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
}
