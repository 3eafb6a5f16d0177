// What becomes of numbers that are not finite: where they show, and what they leave alone.
import { createAttention, createLoss, createRecurrent, openDevice, type LossOptions, type RecurrentOptions } from '../../src/index.ts';
import { randomArray } from './random_arrays.ts';

const SHAPE = { timeSteps: 5, batchSize: 3 } as const;
const [T, N, I, H] = [SHAPE.timeSteps, SHAPE.batchSize, 3, 5];
/** The element of the input that is NaN. */
const BAD = { step: 2, row: 1 } as const;

export interface SpreadReport {
  readonly case: string;
  /** Elements of the bad row, from the bad step on, that are still numbers: of the output, hn and cn. */
  readonly hidden: number;
  /** Elements elsewhere whose bits are others than without NaN. */
  readonly spread: number;
  /** Of the weights' and biases' gradients, which sum over all rows, elements that are still numbers. */
  readonly hiddenGradients: number;
}

/** NaN in one element of the input of each network. */
export async function spread(cases: readonly Omit<RecurrentOptions, 'inputSize' | 'hiddenSize'>[]): Promise<SpreadReport[]> {
  const gpu = await openDevice();
  const reports: SpreadReport[] = [];
  for (const given of cases) {
    const network = createRecurrent(gpu, { ...given, inputSize: I, hiddenSize: H, seed: 3 });
    const plan = network.plan({ ...SHAPE, training: true });
    const input = randomArray(T * N * I, 1, 2);
    const run = async () => {
      network.zeroGradients();
      plan.forward({ input });
      plan.backward({ dOutput: randomArray(T * N * H, 2) });
      return { output: await plan.output.read(), hn: await plan.hn.read(), cn: await plan.cn.read(), gradients: await network.gradients.weight_ih_l0!.read() };
    };
    const clean = await run();
    input[(BAD.step * N + BAD.row) * I] = NaN;
    const dirty = await run();
    const isBad = (at: number): boolean => Math.floor(at / H) % N === BAD.row && Math.floor(at / (H * N)) >= BAD.step;
    const hasC = clean.cn.some((c) => c !== 0);
    const finals = [dirty.hn, ...(hasC ? [dirty.cn] : [])].flatMap((state) => [...state.subarray(BAD.row * H, (BAD.row + 1) * H)]);
    const others = (state: Float32Array): number[] => [...state].filter((_, at) => Math.floor(at / H) !== BAD.row);
    const differ = (a: ArrayLike<number>, b: ArrayLike<number>): number => Array.from(a).filter((x, i) => !Object.is(x, b[i])).length;
    reports.push({
      case: JSON.stringify(given),
      hidden: [...dirty.output].filter((y, at) => isBad(at) && !Number.isNaN(y)).length + finals.filter((y) => !Number.isNaN(y)).length,
      spread: [...dirty.output].filter((y, at) => !isBad(at) && !Object.is(y, clean.output[at])).length
        + differ(others(dirty.hn), others(clean.hn)) + (hasC ? differ(others(dirty.cn), others(clean.cn)) : 0),
      hiddenGradients: [...dirty.gradients].filter((g, at) => at % I === 0 && !Number.isNaN(g)).length,
    });
    network.destroy();
  }
  return reports;
}

/** NaN in the values of the row (step 1, row 0) of a loss: what is still a number of the loss, that step's loss and that row's gradient; and other rows that are not. */
export async function inLoss(options: Pick<LossOptions, 'loss'>) {
  const gpu = await openDevice();
  const [steps, batch, features] = [3, 2, 4];
  const loss = createLoss(gpu, { ...options, timeSteps: steps, batchSize: batch, features });
  const reports: { at: number; value: string; total: number; stepLoss: number[]; gradient: number[] }[] = [];
  for (const value of [NaN, Infinity, -Infinity]) {
    // The first element is where a maximum begins.
    for (const at of [0, 2]) {
      const values = randomArray(steps * batch * features, 4);
      values[batch * features + at] = value;
      loss.run({ values, targets: options.loss === 'cross_entropy' ? Uint32Array.of(0, 1, 2, 3, 0, 1) : randomArray(steps * batch * features, 5).map(Math.abs) });
      const { loss: total, stepLoss } = await loss.read();
      reports.push({ at, value: String(value), total, stepLoss: [...stepLoss], gradient: [...(await loss.gradient.read())] });
    }
  }
  return reports.map((report) => ({ ...report, total: String(report.total), stepLoss: report.stepLoss.map(String), gradient: report.gradient.map(String) }));
}

/** The context of an attention over encoder states of which one of row 1 has NaN, by row. */
export async function inAttention(): Promise<string[][]> {
  const gpu = await openDevice();
  const attention = createAttention(gpu, { score: 'dot', decoderSize: 4, encoderSize: 4 });
  const plan = attention.plan({ timeSteps: 1, sourceTimeSteps: 3, batchSize: 2 });
  const encoder = randomArray(3 * 2 * 4, 6);
  encoder[(1 * 2 + 1) * 4] = NaN;
  plan.forward({ decoder: randomArray(2 * 4, 7), encoder });
  const output = [...(await plan.output.read())].map(String);
  return [output.slice(0, output.length / 2), output.slice(output.length / 2)];
}
