// @ts-check
// The command line of `npm run train`: words → checked options, or one line that says what is wrong.
import { parseArgs } from 'node:util';

/** Wrong use of the command: one line for the reader, exit status 2. */
export class UsageError extends Error {}

/** @typedef {import('./types.ts').Options} Options */

const NORMALIZATIONS = /** @type {const} */ (['NFC', 'NFD', 'NFKC', 'NFKD', 'none']);
const ADAPTERS = /** @type {const} */ (['default', 'swiftshader']);

export const HELP = `Train a character LSTM on a text, in headless Chrome's WebGPU.

  npm run train -- [book.txt] [options]

book.txt is UTF-8 or UTF-16 text; without one, Moby-Dick.

Model
  --layers N             LSTM layers                              (2)
  --hidden N             hidden units of each layer               (256)
  --embed N|one-hot      size of the character embedding          (64)
  --normalize FORM       NFC, NFD, NFKC, NFKD or none; Hangul is
                         read by syllable in NFC, by jamo in NFD  (NFC)
  --seed N               of the weights and the sample            (1)

Training
  --steps N              training steps of this run               (500)
  --batch N              streams of the text read side by side    (32)
  --window N             characters that BPTT goes back           (64)
  --rate X               Adam's learning rate                     (0.002)
  --clip X               largest gradient norm; 0: no clipping    (5)

Result
  --out FILE             write the weights here (safetensors)
  --checkpoint FILE      write the whole state of the training here,
                         now and then, at the end and on Ctrl-C
  --checkpoint-every N   steps between checkpoints                (500)
  --resume FILE          go on from a checkpoint, with its model and
                         rate; give the same text, batch and window
  --prompt TEXT          how the sample begins                    (the text's first words)
  --sample N             characters of the sample; 0: none        (400)
  --temperature X        of the sample                            (0.8)

  --adapter NAME         default: this machine's GPU, or software
                         where there is none; swiftshader: software
  --help
`;

/**
 * @param {string[]} words the command line after the script
 * @returns {Options | 'help'}
 * @throws {UsageError}
 */
export function parseOptions(words) {
  const { values, positionals } = parse(words);
  if (values.help) return 'help';
  if (positionals.length > 1) {
    throw new UsageError(`one text at a time, but ${positionals.length} are given: ${positionals.join(', ')}. Quote a path that has spaces`);
  }
  /** @param {Exclude<keyof typeof values, 'help'>} name @param {number} least @param {number} fallback */
  const whole = (name, least, fallback) => wholeNumber(name, values[name], least, fallback);
  const checkpoint = path('checkpoint', values.checkpoint);
  if (values['checkpoint-every'] !== undefined && checkpoint === null) {
    throw new UsageError('--checkpoint-every says how often, but --checkpoint FILE is missing, which says where');
  }
  return {
    book: positionals[0] ?? null,
    layers: whole('layers', 1, 2),
    hidden: whole('hidden', 1, 256),
    embed: values.embed === 'one-hot' ? 'one-hot' : wholeNumber('embed', values.embed, 1, 64, " or 'one-hot'"),
    steps: whole('steps', 1, 500),
    batch: whole('batch', 1, 32),
    window: whole('window', 1, 64),
    rate: positive('rate', values.rate, 2e-3),
    clip: positive('clip', values.clip, 5, true),
    seed: whole('seed', 0, 1),
    normalize: oneOf('normalize', values.normalize, NORMALIZATIONS),
    // A well-known beginning for the default book; another text begins its sample as it begins itself.
    prompt: values.prompt ?? (positionals.length === 0 ? 'Call me ' : null),
    temperature: positive('temperature', values.temperature, 0.8),
    sample: whole('sample', 0, 400),
    out: path('out', values.out),
    checkpoint,
    checkpointEvery: whole('checkpoint-every', 1, 500),
    resume: path('resume', values.resume),
    adapter: oneOf('adapter', values.adapter, ADAPTERS),
    given: Object.keys(values),
  };
}

/** @param {string[]} words */
function parse(words) {
  const text = /** @type {const} */ ({ type: 'string' });
  try {
    return parseArgs({
      args: words,
      allowPositionals: true,
      options: {
        layers: text, hidden: text, embed: text, steps: text, batch: text, window: text, rate: text, clip: text, seed: text,
        normalize: text, prompt: text, temperature: text, sample: text, out: text, checkpoint: text, 'checkpoint-every': text,
        resume: text, adapter: text, help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    // parseArgs explains at length; its first sentence names the option.
    const [sentence = ''] = /** @type {Error} */ (error).message.split(/\.\s/, 1);
    const option = /^Option '(--[\w-]+).*ambiguous/.exec(sentence)?.[1];
    throw new UsageError(option
      ? `${option} is followed by what looks like another option; give it a value, and one that starts with a dash as ${option}=VALUE`
      : `${sentence}; see npm run train -- --help`);
  }
}

/** @param {string} name @param {string | undefined} text @param {number} least @param {number} fallback */
function wholeNumber(name, text, least, fallback, otherwise = '') {
  if (text === undefined) return fallback;
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`--${name} is ${JSON.stringify(text)}; it must be a whole number of at least ${least}${otherwise}`);
  }
  return value;
}

/** @param {string} name @param {string | undefined} text @param {number} fallback */
function positive(name, text, fallback, zero = false) {
  if (text === undefined) return fallback;
  const value = text.trim() === '' ? NaN : Number(text);
  if (!Number.isFinite(value) || value < 0 || (value === 0 && !zero)) {
    throw new UsageError(`--${name} is ${JSON.stringify(text)}; it must be a number ${zero ? 'of at least' : 'above'} 0, such as ${fallback}`);
  }
  return value;
}

/**
 * @template {string} T
 * @param {string} name @param {string | undefined} text @param {readonly [T, ...T[]]} choices the first is the default
 * @returns {T}
 */
function oneOf(name, text, choices) {
  const choice = text === undefined ? choices[0] : choices.find((known) => known === text);
  if (choice === undefined) throw new UsageError(`--${name} is ${JSON.stringify(text)}; it must be one of ${choices.join(', ')}`);
  return choice;
}

/** @param {string} name @param {string | undefined} text */
function path(name, text) {
  if (text === '') throw new UsageError(`--${name} needs the path of a file`);
  return text ?? null;
}
