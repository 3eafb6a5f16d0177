import { createLinear, createOptimizer, createRecurrent, openDevice, sgd, type CellName } from '../../src/index.ts';
import { relativeL2 } from '../golden.ts';
import { randomArray } from './random_arrays.ts';

/**
 * A sequence run by one network, and run by two of the same weights, the first giving its final state to the second and taking
 * the gradient of it back: relative L2 errors between the two ways. The state is an edge.
 */
export async function stateEdge({ cell }: { cell: CellName }): Promise<Record<string, number>> {
  const [T1, T2, N, I, H] = [4, 3, 2, 5, 6];
  const gpu = await openDevice();
  const options = { cell, inputSize: I, hiddenSize: H, numLayers: 2, seed: 6 } as const;
  const [whole, encoder, decoder] = [0, 1, 2].map(() => createRecurrent(gpu, options)) as [ReturnType<typeof createRecurrent>, ReturnType<typeof createRecurrent>, ReturnType<typeof createRecurrent>];
  const input = randomArray((T1 + T2) * N * I, 1);
  const dOutput = randomArray((T1 + T2) * N * H, 2);
  const all = whole.plan({ timeSteps: T1 + T2, batchSize: N, training: true });
  all.forward({ input });
  const output = await all.output.read();
  all.backward({ dOutput });

  const first = encoder.plan({ timeSteps: T1, batchSize: N, training: true });
  const second = decoder.plan({ timeSteps: T2, batchSize: N, training: true });
  first.forward({ input: input.slice(0, T1 * N * I) });
  second.forward({ input: input.slice(T1 * N * I), h0: first.hn, c0: first.cn });
  second.backward({ dOutput: dOutput.slice(T1 * N * H) });
  first.backward({ dOutput: dOutput.slice(0, T1 * N * H), dHn: second.dH0, dCn: second.dC0 });
  const errors: Record<string, number> = {
    output: relativeL2([...(await first.output.read()), ...(await second.output.read())], output),
    dInput: relativeL2([...(await first.dInput.read()), ...(await second.dInput.read())], await all.dInput.read()),
  };
  for (const name of Object.keys(whole.gradients)) {
    const [a, b] = await Promise.all([encoder.gradients[name]!.read(), decoder.gradients[name]!.read()]);
    errors[name] = relativeL2(a.map((x, i) => x + b[i]!), await whole.gradients[name]!.read());
  }
  return errors;
}

/**
 * One step of plain descent over two operators with a norm that clips: how far each weight moved, beside -rate · scale · gradient, and the
 * largest gradient that is left.
 */
export async function globalClip(): Promise<{ error: number; norm: number; expectedNorm: number; gradientLeft: number }> {
  const gpu = await openDevice();
  const [a, b] = [createLinear(gpu, { inputSize: 3, outputSize: 2, seed: 1 }), createLinear(gpu, { inputSize: 2, outputSize: 4, seed: 2 })];
  const optimizer = createOptimizer(gpu, [a, b], sgd({ learningRate: 0.5 }), { gradientClip: 0.1 });
  const [pa, pb] = [a.plan({ rows: 5 }), b.plan({ rows: 5 })];
  pa.forward(randomArray(15, 1));
  pb.forward(pa.output);
  pb.backward(randomArray(20, 2));
  pa.backward(pb.dInput);
  const arrays = [...Object.keys(a.gradients).map((name) => [a, name] as const), ...Object.keys(b.gradients).map((name) => [b, name] as const)];
  const before = await Promise.all(arrays.map(async ([layer, name]) => ({ weight: await layer.parameters[name]!.read(), gradient: await layer.gradients[name]!.read() })));
  const expectedNorm = Math.hypot(...before.flatMap(({ gradient }) => [...gradient]));
  optimizer.step();
  const scale = 0.1 / expectedNorm;
  const moved = await Promise.all(arrays.map(([layer, name]) => layer.parameters[name]!.read()));
  const expected = before.flatMap(({ weight, gradient }) => [...weight].map((w, i) => w - 0.5 * scale * gradient[i]!));
  const [norm] = await optimizer.norm.read();
  const left = await Promise.all(arrays.map(([layer, name]) => layer.gradients[name]!.read()));
  const gradientLeft = Math.max(...left.flatMap((values) => [...values]).map(Math.abs));
  return { error: relativeL2(moved.flatMap((values) => [...values]), expected), norm: norm!, expectedNorm, gradientLeft };
}

/** A head over the final states of two layers in two directions: relative L2 errors against the same layer over rows put together on the host. */
export async function headOverStates(): Promise<Record<string, number>> {
  const [T, N, H, P] = [5, 3, 4, 4];
  const gpu = await openDevice();
  const recurrent = createRecurrent(gpu, { cell: 'gru', inputSize: 2, hiddenSize: H, numLayers: 2, direction: 'bidirectional', seed: 1 });
  const [head, plain] = [0, 1].map(() => createLinear(gpu, { inputSize: P * H, outputSize: 3, seed: 2 })) as [ReturnType<typeof createLinear>, ReturnType<typeof createLinear>];
  const plan = recurrent.plan({ timeSteps: T, batchSize: N, training: true });
  plan.forward({ input: randomArray(T * N * 2, 3) });
  const states = await plan.hn.read();
  // [P,N,H] → [N,P·H] and back.
  const rowsOf = (x: Float32Array): Float32Array => x.map((_, i) => x[((Math.floor(i / H) % P) * N + Math.floor(i / (P * H))) * H + (i % H)]!);
  const [rows, whole] = [head.plan({ rows: N, parts: P }), plain.plan({ rows: N })];
  const dOutput = randomArray(N * 3, 4);
  rows.forward(plan.hn);
  whole.forward(rowsOf(states));
  rows.backward(dOutput);
  whole.backward(dOutput);
  const errors: Record<string, number> = {
    output: relativeL2(await rows.output.read(), await whole.output.read()),
    dInput: relativeL2(rowsOf(await rows.dInput.read()), await whole.dInput.read()),
  };
  for (const name of ['weight', 'bias']) errors[name] = relativeL2(await head.gradients[name]!.read(), await plain.gradients[name]!.read());
  // The gradient fits the states as it is.
  plan.backward({ dHn: rows.dInput });
  errors.zeroGradient = Number((await recurrent.gradients.weight_hh_l0_reverse!.read()).every((g) => g === 0));
  return errors;
}

export async function partsThatDoNotDivide(): Promise<void> {
  createLinear(await openDevice(), { inputSize: 8, outputSize: 1 }).plan({ rows: 2, parts: 3 });
}
