// The embedding operator against sums in float64: its rows, the gradient of its table, and what is said of wrong tokens.
import { createEmbedding, createOptimizer, openDevice, sgd } from '../../src/index.ts';
import { relativeL2 } from '../golden.ts';
import { randomArray } from './random_arrays.ts';
import { said } from './thrown.ts';

/** Two passes of `rows` tokens over a table [V,E]: relative L2 errors of the rows and of the table's gradient, which both passes add to. */
export async function twoPasses({ vocabularySize, size, rows }: { vocabularySize: number; size: number; rows: number }) {
  const gpu = await openDevice();
  const embedding = createEmbedding(gpu, { vocabularySize, size, seed: 4 });
  const table = await embedding.parameter('weight').read();
  const plan = embedding.plan({ rows, training: true });
  const gradient = new Float64Array(vocabularySize * size);
  let rowError = 0;
  for (const pass of [0, 1]) {
    const tokens = Uint32Array.from({ length: rows }, (_, i) => (i * i + 3 * pass) % vocabularySize);
    const dOutput = randomArray(rows * size, 10 + pass, 1);
    plan.forward(tokens);
    rowError = Math.max(rowError, relativeL2(await plan.output.read(), Float64Array.from({ length: rows * size }, (_, i) => table[tokens[Math.floor(i / size)]! * size + (i % size)]!)));
    plan.backward(dOutput);
    dOutput.forEach((d, i) => { gradient[tokens[Math.floor(i / size)]! * size + (i % size)]! += d; });
  }
  const found = await embedding.gradient('weight').read();
  createOptimizer(gpu, [embedding], sgd({ learningRate: 1 })).step();
  const moved = await embedding.parameter('weight').read();
  const stepped = relativeL2(moved, Float64Array.from(table, (w, i) => w - gradient[i]!));
  const deviation = Math.sqrt(table.reduce((sum, w) => sum + w * w, 0) / table.length);
  gpu.destroy();
  return { rows: rowError, gradient: relativeL2(found, gradient), stepped, deviation };
}

/** What is said of wrong tokens and of a backward pass that the plan has not. */
export async function refusals() {
  const gpu = await openDevice();
  const embedding = createEmbedding(gpu, { vocabularySize: 5, size: 2 });
  const plan = embedding.plan({ rows: 3 });
  const given = {
    outside: () => plan.forward(Uint32Array.of(0, 5, 1)),
    fewer: () => plan.forward(Uint32Array.of(0, 1)),
    numbers: () => plan.forward([0, 1, 2] as unknown as Uint32Array),
    backward: () => plan.backward(new Float32Array(6)),
    size: () => createEmbedding(gpu, { vocabularySize: 0, size: 2 }),
  };
  const results: Record<string, string> = {};
  for (const [name, call] of Object.entries(given)) results[name] = await said(call);
  embedding.destroy();
  results.destroyed = await said(() => plan.output.read());
  return results;
}
