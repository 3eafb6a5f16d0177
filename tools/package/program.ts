// The program of an application: something of every sub-path, typed as it is used. package_check.mjs puts it into projects of their own.

import { adam, createLinear, createLoss, createOptimizer, createRecurrent, openDevice, type GpuArray, type RecurrentPlan } from 'unfold-rnn';
import { createLanguageModel, createTrainer, loadLanguageModel, type Progress } from 'unfold-rnn/language';
import { readSafetensors, type Tensor } from 'unfold-rnn/safetensors';
import { characters, createDecoder, type Corpus } from 'unfold-rnn/text';

/** Trains an operator and a language model for some steps, and keeps the model in a file. Resolves with what came of it. */
export async function program(): Promise<string> {
  const gpu = await openDevice({ tune: 'off' });

  const gru = createRecurrent(gpu, { cell: 'gru', inputSize: 3, hiddenSize: 8, seed: 1 });
  const head = createLinear(gpu, { inputSize: 8, outputSize: 2, seed: 2 });
  const loss = createLoss(gpu, { loss: 'mean_squared_error', timeSteps: 5, batchSize: 4, features: 2 });
  const optimizer = createOptimizer(gpu, [gru, head], adam({ learningRate: 1e-2 }), { gradientClip: 1 });
  const plan: RecurrentPlan = gru.plan({ timeSteps: 5, batchSize: 4, training: true });
  const rows = head.plan({ rows: 5 * 4 });
  const output: GpuArray = plan.output;
  const losses: number[] = [];
  for (let step = 0; step < 3; step++) {
    plan.forward({ input: Float32Array.from({ length: 5 * 4 * 3 }, (_, i) => Math.sin(i)) });
    rows.forward(output);
    loss.run({ values: rows.output, targets: new Float32Array(5 * 4 * 2) });
    rows.backward(loss.gradient);
    plan.backward({ dOutput: rows.dInput });
    optimizer.step();
    losses.push((await loss.read()).loss);
  }
  if (!(losses[2]! < losses[0]!)) throw new Error(`the operator's loss does not fall: ${losses.join(', ')}`);

  const text: Corpus = characters('the sun rises in the east and the sun sets in the west. '.repeat(20));
  const model = createLanguageModel(gpu, { vocabulary: text.vocabulary, layers: [{ cell: 'lstm', hiddenSize: 16 }] });
  const trainer = createTrainer(model, { optimizer: adam({ learningRate: 1e-2 }), batchSize: 4, timeSteps: 8 });
  const seen: Progress[] = [];
  for await (const progress of trainer.run(text, { steps: 3 })) seen.push(progress);

  const bytes = await model.save();
  const tensors: ReadonlyMap<string, Tensor> = readSafetensors(bytes).tensors;
  const loaded = await loadLanguageModel(gpu, bytes);
  let written = '';
  for await (const piece of loaded.generate('the ', { length: 5, seed: 1 })) written += piece;
  const decoder = createDecoder(text.vocabulary);
  gpu.destroy();
  return `${losses.length + seen.length} steps, ${tensors.size} tensors, ${written.length} characters, ${typeof decoder}`;
}
