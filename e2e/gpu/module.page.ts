// What every module has in common: parameters by name, a state that goes out and in, and an end.
import { createAttention, createLinear, createRecurrent, openDevice, type Module, type StateSource } from '../../src/index.ts';
import { readSafetensors, writeSafetensors, type NamedTensor } from '../../src/safetensors.ts';
import { relativeL2, stateDictCases } from '../golden.ts';
import { said } from './thrown.ts';

const bytesOf = (base64: string): Uint8Array => Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));

export interface FromPyTorch {
  /** Relative L2 errors against PyTorch in float64. */
  readonly output: number;
  readonly head: number;
  /** The file that our states make: tensors in PyTorch's order, with its names. */
  readonly file: Uint8Array;
  /** Our states are what was loaded, to the bit. */
  readonly same: boolean;
}

/** Load the state dicts that PyTorch has saved, compute with them, and write them again. */
export async function fromPyTorch({ cases, files }: { cases: unknown; files: Readonly<Record<string, string>> }): Promise<Record<string, FromPyTorch>> {
  const gpu = await openDevice();
  const results: Record<string, FromPyTorch> = {};
  for (const { name, options, outputSize, given, results: expected } of stateDictCases(cases)) {
    const saved = readSafetensors(bytesOf(files[name]!));
    const network = createRecurrent(gpu, { ...options, seed: 9 });
    network.load(saved, { prefix: 'rnn.' });
    const rows = given.input!.length / options.inputSize;
    const batchSize = 3;
    const plan = network.plan({ timeSteps: rows / batchSize, batchSize });
    plan.forward({ input: Float32Array.from(given.input!) });
    const head = createLinear(gpu, { inputSize: plan.output.shape.at(-1)!, outputSize });
    head.load(saved, { prefix: 'head.' });
    const linear = head.plan({ rows });
    linear.forward(plan.output);
    const states = await Promise.all(([['rnn.', network], ['head.', head]] as const).map(async ([prefix, module]) => (await module.state()).map((tensor) => ({ ...tensor, name: prefix + tensor.name }))));
    const file = writeSafetensors(states.flat());
    const again = readSafetensors(file).tensors;
    results[name] = {
      output: relativeL2(await plan.output.read(), expected.output!), head: relativeL2(await linear.output.read(), expected.head!), file,
      same: again.size === saved.tensors.size && [...saved.tensors].every(([key, { shape, data }]) => again.get(key)?.shape.join() === shape.join() && again.get(key)!.data.join() === data.join()),
    };
    network.destroy();
    head.destroy();
  }
  gpu.destroy();
  return results;
}

/** What is said of states that a GRU of 2 by 3 cannot take, by name; and whether it is as it was after all of them. */
export async function refusals() {
  const gpu = await openDevice();
  const network = createRecurrent(gpu, { cell: 'gru', inputSize: 2, hiddenSize: 3 });
  const sound = await network.state();
  const changed = (index: number, change: Partial<NamedTensor>): NamedTensor[] => sound.map((tensor, i) => (i === index ? { ...tensor, ...change } : tensor));
  const infinite = sound[2]!.data.slice() as Float32Array;
  infinite[4] = -Infinity;
  const states: Record<string, [state: unknown, prefix?: string]> = {
    missing: [sound.slice(1)],
    prefixed: [sound.map((tensor) => ({ ...tensor, name: `rnn.${tensor.name}` }))],
    otherPrefix: [sound, 'encoder.'],
    surplus: [[...sound, { name: 'head.weight', shape: [1], data: new Float32Array(1) }]],
    shape: [changed(1, { shape: [3, 9] })],
    integers: [changed(3, { data: new Int32Array(9) })],
    notFinite: [changed(2, { data: infinite })],
    nothing: [null],
    bytes: [new Uint8Array(8)],
    list: [[{ name: 'weight_ih_l0' }]],
  };
  const results: Record<string, string> = {};
  for (const [name, [state, prefix]] of Object.entries(states)) results[name] = await said(() => network.load(state as StateSource, prefix === undefined ? {} : { prefix }));
  const same = JSON.stringify(await network.state()) === JSON.stringify(sound);
  network.load(changed(2, { data: infinite }), { allowNotFinite: true });
  const looked = (await network.parameter('bias_ih_l0').read())[4];
  return { results, same, looked: String(looked), unread: await said(() => network.state()), unknown: await said(() => network.parameter('weight_ih_l1')), inherited: await said(() => network.gradient('toString')) };
}

/** Modules of every kind, and a plan, are disposed of as `using` does it at the end of a block. */
export async function disposed(): Promise<{ before: number; within: number; after: number; used: string }> {
  const gpu = await openDevice();
  const bytes = () => gpu.memory.report().totalBytes;
  const before = bytes();
  const network = createRecurrent(gpu, { cell: 'lstm', inputSize: 2, hiddenSize: 3 });
  const modules: readonly Module[] = [network, createLinear(gpu, { inputSize: 3, outputSize: 2 }), createAttention(gpu, { score: 'dot', decoderSize: 3, encoderSize: 3 })];
  const plan = network.plan({ timeSteps: 2, batchSize: 1 });
  for (const module of modules) module.zeroGradients();
  plan.forward({ input: new Float32Array(4) });
  const within = bytes();
  for (const one of [plan, ...modules]) one[Symbol.dispose]();
  return { before, within, after: bytes(), used: await said(() => network.state()) };
}
