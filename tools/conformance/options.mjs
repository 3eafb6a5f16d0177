// @ts-check
// The command line of `npm run conformance`: words → checked options, or one line that says what is wrong.
import { parseArgs } from 'node:util';
import { HOSTS } from '../hosts/open.mjs';
import { UsageError } from '../train/options.mjs';

export const HELP = `Run a folder of conformance cases through the engine: in headless Chrome's WebGPU, or on another host.

  npm run conformance -- FOLDER [options]

FOLDER holds *.json files with "cases", of the tasks forward, gradients and training.
Ends with 0 only if every case passed and none was unsupported.
node tools/conformance/generate.mjs FOLDER writes the project's own, of its float64 reference.

What a file leaves out is taken from its tensors: sizes, direction, whether there are biases. What it says twice must agree.
A field that is not known here makes the case unsupported, unless it only describes (name, note, source, seed, meta, sizes ...) or
changes nothing: null, false, 0, "none". projSize P of an LSTM has l0.fwd.Wr [P,H]. Without a loss, a target alone means mse;
dHn and dCn count beside mse too. A tolerance has the name of a field (hn, grads.x), of a kind (forward, loss, grads, gradNorm, weights),
or default; floor, of an element's size, is 1e-7 without.

Of a training case, these words are read, in model or where it says
  structure  char_lm, classifier or seq2seq, in any field of model; else by the inputs
  optimizer  Adam: lr or rate, b1 b2 or beta1 beta2 or betas, eps (1e-8); clip is the gradients' global norm. In model, or in its
             optimizer, optim, adam, train or training
  loss       cross_entropy, its reduction (mean): in model, model.loss or loss
  networks   the options of the other tasks, in model, model.options, options, model.encoder, model.decoder
  others     stateful (char_lm; where there is a resetState), batchFirst, embed (one-hot, table or its width), head (linear; its bias)
weights are the networks' l0.fwd.Wx ..., those of seq2seq behind a prefix with enc or dec; a name with emb is a table
[V,E], shared by both sides if it names neither; what is left is the head's matrix and its bias. Without a table tokens are one-hot.
Weights that the file has not got are zero and stay so. A decoder runs forward, from states of its encoder's shape.
expected has the losses under a name with loss, the norms under one with norm, the final weights in an object.

  --results FILE    write every case's raw tensors here (JSON)
  --filter TEXT     only cases whose id or file name contains TEXT
  --host NAME       chromium, node (Dawn), deno (wgpu), firefox  (chromium)
  --adapter NAME    swiftshader: the host's software adapter; default: this machine's GPU  (swiftshader)
  --help
`;

const ADAPTERS = /** @type {const} */ (['swiftshader', 'default']);

/**
 * @typedef {object} Options
 * @property {string} folder
 * @property {string | null} results
 * @property {string} filter '' for all
 * @property {import('../hosts/open.mjs').HostName} host
 * @property {'swiftshader' | 'default'} adapter
 */

/**
 * @param {string[]} words the command line after the script
 * @returns {Options | 'help'}
 * @throws {UsageError}
 */
export function parseOptions(words) {
  const { values, positionals } = parse(words);
  if (values.help) return 'help';
  const [folder, ...more] = positionals;
  if (folder === undefined) throw new UsageError('no folder is given; give one with case files: npm run conformance -- FOLDER');
  if (more.length > 0) {
    throw new UsageError(`one folder at a time, but ${positionals.length} are given: ${positionals.join(', ')}. Quote a path that has spaces`);
  }
  if (values.results === '') throw new UsageError('--results needs the path of a file');
  const named = values.adapter ?? (process.env.UNFOLD_ADAPTER === 'default' ? 'default' : 'swiftshader');
  const adapter = ADAPTERS.find((known) => known === named);
  if (!adapter) throw new UsageError(`--adapter is ${JSON.stringify(named)}; it must be one of ${ADAPTERS.join(', ')}`);
  const host = HOSTS.find((known) => known === (values.host ?? 'chromium'));
  if (!host) throw new UsageError(`--host is ${JSON.stringify(values.host)}; it must be one of ${HOSTS.join(', ')}`);
  return { folder, results: values.results ?? null, filter: values.filter ?? '', host, adapter };
}

/** @param {string[]} words */
function parse(words) {
  const text = /** @type {const} */ ({ type: 'string' });
  try {
    const options = { results: text, filter: text, host: text, adapter: text, help: /** @type {const} */ ({ type: 'boolean', short: 'h' }) };
    return parseArgs({ args: words, allowPositionals: true, options });
  } catch (error) {
    const [sentence = ''] = /** @type {Error} */ (error).message.split(/\.\s/, 1);
    throw new UsageError(`${sentence}; see npm run conformance -- --help`);
  }
}
