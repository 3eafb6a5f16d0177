import { createRecurrent, openDevice, type Gpu } from '../../src/index.ts';
import { engineCell } from '../cell_options.ts';
import { onnxArrays, type OnnxCase } from '../onnx/cases.ts';
import type { OnnxResults } from '../onnx/operator.ts';

/** The results of many configurations, on one device, so that a kernel that several share is compiled once. */
export async function runAll(cases: readonly OnnxCase[]): Promise<OnnxResults[]> {
  const gpu = await openDevice();
  const results: OnnxResults[] = [];
  for (const given of cases) results.push(await run(gpu, given));
  return results;
}

async function run(gpu: Gpu, given: OnnxCase): Promise<OnnxResults> {
  const { cell, cellOptions, timeSteps, batchSize, inputSize, hiddenSize, direction, bias, lengths } = given;
  const { parameters, input, h0, c0 } = onnxArrays(given);
  const network = createRecurrent(gpu, { ...engineCell(cell, cellOptions), inputSize, hiddenSize, direction, bias });
  for (const [name, values] of Object.entries(parameters)) network.parameters[name]!.write(values);
  const plan = network.plan({ timeSteps, batchSize, ragged: lengths !== undefined });
  plan.forward({ input, ...(h0 && { h0 }), ...(c0 && { c0 }), ...(lengths && { lengths }) });
  const results = { output: await plan.output.read(), hn: await plan.hn.read(), cn: await plan.cn.read() };
  network.destroy();
  return results;
}
