// @ts-check
// The command line of `npm run example`: words → an example and its options, or one line that says what is wrong.
import { parseArgs } from 'node:util';
import { UsageError } from '../train/options.mjs';

/** @typedef {import('../../examples/example.ts').Example} Example */
/** @typedef {import('../../examples/example.ts').OptionSpec} OptionSpec */
/** @typedef {import('../../examples/example.ts').OptionValue} OptionValue */

const ADAPTERS = ['swiftshader', 'default'];

/**
 * @typedef {object} Choice
 * @property {Example} example
 * @property {Record<string, OptionValue>} options
 * @property {import('../browser.mjs').Adapter} adapter
 */

/** @param {readonly Example[]} examples */
export function overview(examples) {
  const width = Math.max(...examples.map(({ name }) => name.length)) + 2;
  const lines = examples.map(({ name, about }) => `  ${name.padEnd(width)}${about}`);
  return `Train an example, in headless Chrome's WebGPU.\n\n  npm run example NAME -- [options]\n\n${lines.join('\n')}\n\nThe options of one: npm run example NAME -- --help\n`;
}

/** @param {Example} example */
export function help({ name, about, options }) {
  const rows = Object.entries(options).map(([option, spec]) => [`--${dashed(option)} ${valueOf(spec)}`, `${spec.about}  (${spec.default})`]);
  rows.push(['--adapter NAME', "swiftshader: software; default: this machine's GPU  (swiftshader)"]);
  const width = Math.max(...rows.map(([left = '']) => left.length)) + 2;
  return `${name}: ${about}\n\n  npm run example ${name} -- [options]\n\n${rows.map(([left = '', right]) => `  ${left.padEnd(width)}${right}`).join('\n')}\n`;
}

/**
 * @param {string[]} words the command line after the script
 * @param {readonly Example[]} examples
 * @returns {Choice | { print: string }}
 * @throws {UsageError}
 */
export function parseOptions(words, examples) {
  const name = words.find((word) => !word.startsWith('-'));
  const asked = words.some((word) => word === '--help' || word === '-h');
  if (name === undefined && (asked || words.length === 0)) return { print: overview(examples) };
  // An option's value before the name would be taken for it, so the name comes first.
  const example = examples.find((known) => known.name === words[0]);
  if (!example) {
    throw new UsageError(`${JSON.stringify(words[0])} is no example; give one of ${examples.map((known) => known.name).join(', ')}, and its options after it`);
  }
  if (asked) return { print: help(example) };
  const values = parse(words.slice(1), example);
  const adapter = values.adapter ?? (process.env.UNFOLD_ADAPTER === 'default' ? 'default' : 'swiftshader');
  if (!ADAPTERS.includes(adapter)) throw new UsageError(`--adapter is ${JSON.stringify(adapter)}; it must be one of ${ADAPTERS.join(', ')}`);
  const options = Object.fromEntries(Object.entries(example.options).map(([option, spec]) => {
    const text = values[dashed(option)];
    return [option, text === undefined ? spec.default : read(dashed(option), text, spec)];
  }));
  return { example, options, adapter: /** @type {import('../browser.mjs').Adapter} */ (adapter) };
}

/**
 * @param {string[]} words @param {Example} example
 * @returns {Record<string, string | undefined>}
 */
function parse(words, { name, options }) {
  const text = /** @type {const} */ ({ type: 'string' });
  try {
    const known = Object.fromEntries([...Object.keys(options).map(dashed), 'adapter'].map((option) => [option, text]));
    return parseArgs({ args: words, options: known }).values;
  } catch (error) {
    const [sentence = ''] = /** @type {Error} */ (error).message.split(/\.\s/, 1);
    throw new UsageError(`${sentence}; see npm run example ${name} -- --help`);
  }
}

/**
 * @param {string} name @param {string} text @param {OptionSpec} spec
 * @returns {OptionValue}
 */
function read(name, text, { kind, default: fallback, least = 0, choices = [] }) {
  const wrong = (/** @type {string} */ expected) => new UsageError(`--${name} is ${JSON.stringify(text)}; it must be ${expected}`);
  if (kind === 'choice') {
    if (!choices.includes(text)) throw wrong(`one of ${choices.join(', ')}`);
    return text;
  }
  if (kind === 'list') {
    const parts = text.split(',');
    if (!parts.every((part) => choices.includes(part)) || new Set(parts).size < parts.length) {
      throw wrong(`some of ${choices.join(', ')}, each once, with commas between`);
    }
    return parts;
  }
  const value = text.trim() === '' ? NaN : Number(text);
  if (kind === 'whole' ? !Number.isSafeInteger(value) || value < least : !Number.isFinite(value) || value < least) {
    throw wrong(`a ${kind === 'whole' ? 'whole ' : ''}number of at least ${least}, such as ${fallback}`);
  }
  return value;
}

/** @param {OptionSpec} spec */
function valueOf({ kind, choices = [] }) {
  return { whole: 'N', number: 'X', choice: choices.join('|'), list: choices.join(',') }[kind];
}

/** @param {string} name camel case */
function dashed(name) {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
