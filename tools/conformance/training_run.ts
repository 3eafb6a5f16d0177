// A training case through the engine's operators: recurrent layers, a head, a loss, an update, and tables of embeddings; states
// and their gradients go from one to the other as the case's equations say.
import {
  adam, createEmbedding, createLinear, createLoss, createOptimizer, createRecurrent, type ArraySource, type Embedding, type EmbeddingPlan, type Gpu, type GpuArray, type Linear,
  type Loss, type Recurrent, type RecurrentPlan, type Trainable,
} from '../../src/index.ts';
import { networkOf, toEngine, weightAfter, type Network } from './network.ts';
import type { Comparison, Results } from './score.ts';
import type { Series } from './series.ts';
import { decode, MalformedCase, type Tensor } from './tensor.ts';
import { INPUTS, type NetworkPart, type TrainingCase } from './training.ts';
import { objectOf, Unsupported } from './words.ts';

/** Losses, norms and final weights under the names that the case has for them, and what it expects of them. */
export async function runTraining(gpu: Gpu, one: TrainingCase): Promise<{ results: Results; fields: Comparison[] }> {
  const run = new TrainingRun(gpu, one);
  try {
    const [losses, norms]: [number[], number[]] = [[], []];
    for (let s = 0; s < one.steps; s++) {
      losses.push(await run.pass(s));
      norms.push(await run.update());
    }
    const weights = await run.weights();
    const series = (values: readonly number[]): Tensor => ({ shape: [values.length], values: Float64Array.from(values) });
    const found = { loss: series(losses), gradNorm: series(norms), weights };
    const { wanted } = one;
    const results = Object.fromEntries((['loss', 'gradNorm', 'weights'] as const).map((field) => [wanted[field] ?? field, found[field]]));
    return { results, fields: comparisonsOf(one, found) };
  } finally {
    run.destroy();
  }
}

function comparisonsOf({ expected, wanted }: TrainingCase, found: { loss: Tensor; gradNorm: Tensor; weights: Record<string, Tensor> }): Comparison[] {
  const fields: Comparison[] = [];
  for (const kind of ['loss', 'gradNorm'] as const) {
    const field = wanted[kind];
    if (field !== null) fields.push({ field, kind, names: [field, kind], actual: found[kind], expected: decode(`expected.${field}`, expected[field]) });
  }
  for (const [name, value] of Object.entries(wanted.weights === null ? {} : objectOf(expected[wanted.weights])!)) {
    const field = `${wanted.weights}.${name}`;
    fields.push({ field, kind: 'weights', names: [field, wanted.weights!, 'weights'], actual: found.weights[name], expected: decode(`expected.${field}`, value) });
  }
  return fields;
}

/** A recurrent network of the case with its plan, and the table or the one-hot rows that its tokens become. */
class Part {
  readonly network: Network;
  readonly layer: Recurrent;
  readonly plan: RecurrentPlan;
  readonly #prefix: string;
  readonly #source: Series;
  readonly #table: EmbeddingPlan | null;
  readonly #vocabulary: number;

  constructor(gpu: Gpu, { prefix, architecture }: NetworkPart, source: Series, table: Embedding | null, ragged: boolean) {
    const [steps = 1, batch = 1] = source.shape;
    this.network = networkOf(architecture);
    this.layer = createRecurrent(gpu, this.network.options);
    for (const weight of this.network.weights) this.layer.parameters[weight.parameter]!.write(toEngine(weight));
    this.plan = this.layer.plan({ timeSteps: steps, batchSize: batch, training: true, ragged });
    this.#prefix = prefix;
    this.#source = source;
    this.#table = table && table.plan({ rows: steps * batch, training: true });
    this.#vocabulary = table ? table.vocabularySize : architecture.input;
  }

  /** x [T,N,I] of step s: rows of the table, one-hot rows, or the numbers themselves where they are no tokens. */
  input(s: number): ArraySource {
    if (this.#source.shape.length > 2) return Float32Array.from(this.#source.at(s));
    const tokens = this.#source.tokens(s, this.#vocabulary);
    if (this.#table) {
      this.#table.forward(tokens);
      return this.#table.output;
    }
    const rows = new Float32Array(tokens.length * this.#vocabulary);
    tokens.forEach((token, i) => { rows[i * this.#vocabulary + token] = 1; });
    return rows;
  }

  /** After the plan's backward pass: what is left of it to do. A weight that the case has not got is not trained. */
  finish(): void {
    this.#table?.backward(this.plan.dInput);
    for (const { parameter, values } of this.network.weights) {
      const gradient = this.layer.gradients[parameter]!;
      if (!values) gradient.write(new Float32Array(gradient.byteLength / 4));
    }
  }

  async weights(): Promise<[string, Tensor][]> {
    const own = this.network.weights.filter(({ values }) => values);
    return Promise.all(own.map(async (weight) => [this.#prefix + weight.name, weightAfter(weight, await this.layer.parameters[weight.parameter]!.read())] as [string, Tensor]));
  }

  destroy(): void {
    this.#table?.destroy();
    this.layer.destroy();
  }
}

class TrainingRun {
  readonly #one: TrainingCase;
  readonly #tables = new Map<string, Embedding>();
  readonly #main: Part;
  readonly #decoder: Part | null;
  readonly #head: Linear;
  readonly #rows: ReturnType<Linear['plan']>;
  readonly #loss: Loss;
  readonly #optimizer: ReturnType<typeof createOptimizer>;
  /** h and c after the last step, for stateful training. */
  #carried: { h: Float32Array; c: Float32Array } | null = null;

  constructor(gpu: Gpu, one: TrainingCase) {
    this.#one = one;
    const { structure, head, trainer: { adam: { rate, beta1, beta2, epsilon }, clip } } = one;
    const tokens = this.#input(INPUTS[structure].tokens);
    if (!tokens) throw new MalformedCase(`inputs.${INPUTS[structure].tokens[0]} is missing`);
    const ragged = structure !== 'char_lm' && this.#input(INPUTS[structure].lengths) !== undefined;
    this.#main = new Part(gpu, one.network, tokens, this.#table(gpu, one.network), ragged);
    const decTokens = structure === 'seq2seq' ? this.#input(INPUTS.seq2seq.decTokens) : undefined;
    if (structure === 'seq2seq' && !decTokens) throw new MalformedCase('inputs.decTokens is missing');
    this.#decoder = one.decoder && decTokens ? new Part(gpu, one.decoder, decTokens, this.#table(gpu, one.decoder), false) : null;
    const [a, b] = [this.#main.plan.hn.shape, (this.#decoder ?? this.#main).plan.hn.shape];
    if (a.join() !== b.join()) throw new Unsupported(`an encoder whose final state [${a}] starts a decoder whose state is [${b}]`);

    const last = this.#decoder ?? this.#main;
    const { columns } = last.network;
    const [steps, batch] = structure === 'classifier' ? [1, tokens.shape[1]!] : [last.plan.output.shape[0]!, last.plan.output.shape[1]!];
    const [features, inputSize] = head.weight.tensor.shape as [number, number];
    if (inputSize !== columns) throw new MalformedCase(`weights.${head.weight.name} has shape [${features},${inputSize}]; the network makes it [${features},${columns}]`);
    this.#head = createLinear(gpu, { inputSize, outputSize: features });
    this.#head.parameters.weight!.write(Float32Array.from(head.weight.tensor.values));
    this.#head.parameters.bias!.write(head.bias ? Float32Array.from(head.bias.tensor.values) : new Float32Array(features));
    this.#rows = this.#head.plan({ rows: steps * batch });
    const weighted = structure === 'seq2seq' && this.#input(INPUTS.seq2seq.decMask) !== undefined;
    this.#loss = createLoss(gpu, { loss: 'cross_entropy', timeSteps: steps, batchSize: batch, features, weighted });
    const parts: Trainable[] = [...this.#tables.values(), this.#main.layer, ...(this.#decoder ? [this.#decoder.layer] : []), this.#head];
    this.#optimizer = createOptimizer(gpu, parts, adam({ learningRate: rate, beta1, beta2, epsilon }), { gradientClip: clip });
  }

  #input(names: readonly string[]): Series | undefined {
    const name = names.find((each) => this.#one.inputs[each]);
    return name === undefined ? undefined : this.#one.inputs[name];
  }

  /** The operator of the part's table: one for parts that share it. */
  #table(gpu: Gpu, { table }: NetworkPart): Embedding | null {
    if (!table) return null;
    const known = this.#tables.get(table.name);
    if (known) return known;
    const [vocabularySize, size] = table.tensor.shape as [number, number];
    const made = createEmbedding(gpu, { vocabularySize, size });
    made.parameter('weight').write(Float32Array.from(table.tensor.values));
    this.#tables.set(table.name, made);
    return made;
  }

  /** Step s forward and backward: every gradient is there. Gives its loss. */
  pass(s: number): Promise<number> {
    return { char_lm: () => this.#charLm(s), classifier: () => this.#classifier(s), seq2seq: () => this.#seq2seq(s) }[this.#one.structure]();
  }

  async #charLm(s: number): Promise<number> {
    const { plan } = this.#main;
    const targets = this.#input(INPUTS.char_lm.targets);
    if (!targets) throw new MalformedCase('inputs.targets is missing');
    const from = this.#carried;
    if (from) this.#reset(from, this.#input(INPUTS.char_lm.reset)?.at(s));
    plan.forward({ input: this.#main.input(s), ...(from && { h0: from.h, c0: from.c }) });
    if (this.#one.stateful) this.#carried = { h: await plan.hn.read(), c: await plan.cn.read() };
    // The sum over T of means over N is T times the mean over both.
    const scale = this.#one.trainer.reduction === 'mean' ? 1 : targets.shape[0]!;
    const loss = await this.#lossOf(plan.output, targets, s, undefined, scale);
    plan.backward({ dOutput: this.#rows.dInput });
    this.#main.finish();
    return loss;
  }

  /** Zero in the carried state where `flags` has not 0: one for all rows, or one a row. */
  #reset(carried: { readonly h: Float32Array; readonly c: Float32Array }, flags: Float64Array | undefined): void {
    for (const [state, { shape: [, N, width] }] of [[carried.h, this.#main.plan.hn], [carried.c, this.#main.plan.cn]] as const) {
      for (let i = 0; i < state.length; i++) if (flags?.[flags.length === 1 ? 0 : Math.floor(i / width!) % N!]) state[i] = 0;
    }
  }

  async #classifier(s: number): Promise<number> {
    const { plan, network } = this.#main;
    const labels = this.#input(INPUTS.classifier.labels);
    if (!labels) throw new MalformedCase('inputs.labels is missing');
    const lengths = this.#input(INPUTS.classifier.lengths);
    plan.forward({ input: this.#main.input(s), ...(lengths && { lengths: lengths.at(s) }) });
    const [states, N, H] = plan.hn.shape as [number, number, number];
    const D = network.columns / H;
    // The last layer's states [D,N,H] side by side, [N,D*H].
    const all = await plan.hn.read();
    const at = (d: number, n: number): number => ((states - D + d) * N + n) * H;
    const features = new Float32Array(N * D * H);
    for (let n = 0; n < N; n++) for (let d = 0; d < D; d++) features.set(all.subarray(at(d, n), at(d, n) + H), (n * D + d) * H);
    const loss = await this.#lossOf(features, labels, s, undefined, 1);
    const dFeatures = await this.#rows.dInput.read();
    const dHn = new Float32Array(all.length);
    for (let n = 0; n < N; n++) for (let d = 0; d < D; d++) dHn.set(dFeatures.subarray((n * D + d) * H, (n * D + d + 1) * H), at(d, n));
    plan.backward({ dHn });
    this.#main.finish();
    return loss;
  }

  async #seq2seq(s: number): Promise<number> {
    const [encoder, decoder] = [this.#main, this.#decoder!];
    const targets = this.#input(INPUTS.seq2seq.decTargets);
    if (!targets) throw new MalformedCase('inputs.decTargets is missing');
    const lengths = this.#input(INPUTS.seq2seq.lengths);
    encoder.plan.forward({ input: encoder.input(s), ...(lengths && { lengths: lengths.at(s) }) });
    decoder.plan.forward({ input: decoder.input(s), h0: encoder.plan.hn, c0: encoder.plan.cn });
    const loss = await this.#lossOf(decoder.plan.output, targets, s, this.#input(INPUTS.seq2seq.decMask), 1);
    decoder.plan.backward({ dOutput: this.#rows.dInput });
    decoder.finish();
    encoder.plan.backward({ dHn: decoder.plan.dH0, dCn: decoder.plan.dC0 });
    encoder.finish();
    return loss;
  }

  /** Head and cross-entropy, `scale` times: the loss, and its gradient by the features in `#rows.dInput`. */
  async #lossOf(features: GpuArray | Float32Array, targets: Series, s: number, mask: Series | undefined, scale: number): Promise<number> {
    const classes = this.#head.outputSize;
    this.#rows.forward(features);
    // What is masked out may be anything.
    const goals = mask ? Uint32Array.from(targets.at(s), (target, i) => (mask.at(s)[i] === 0 ? 0 : target)) : targets.tokens(s, classes);
    this.#loss.run({ values: this.#rows.output, targets: goals, ...(mask && { weights: Float32Array.from(mask.at(s)) }) });
    this.#rows.backward(scale === 1 ? this.#loss.gradient : (await this.#loss.gradient.read()).map((value) => value * scale));
    if (!this.#one.head.bias) this.#head.gradients.bias!.write(new Float32Array(classes));
    return scale * (await this.#loss.read()).loss;
  }

  /** Move the weights. @returns the global norm of the gradients before clipping */
  async update(): Promise<number> {
    this.#optimizer.step();
    return (await this.#optimizer.norm.read())[0]!;
  }

  /** By the case's names. */
  async weights(): Promise<Record<string, Tensor>> {
    const { head } = this.#one;
    const wide = async (array: GpuArray): Promise<Tensor> => ({ shape: array.shape, values: Float64Array.from(await array.read()) });
    const found = [...await this.#main.weights(), ...(this.#decoder ? await this.#decoder.weights() : [])];
    for (const [name, table] of this.#tables) found.push([name, await wide(table.parameter('weight'))]);
    found.push([head.weight.name, await wide(this.#head.parameters.weight!)]);
    if (head.bias) found.push([head.bias.name, await wide(this.#head.parameters.bias!)]);
    return Object.fromEntries(found);
  }

  destroy(): void {
    this.#optimizer.destroy();
    this.#loss.destroy();
    this.#head.destroy();
    this.#main.destroy();
    this.#decoder?.destroy();
    for (const table of this.#tables.values()) table.destroy();
  }
}
