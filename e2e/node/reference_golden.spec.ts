// The float64 reference against PyTorch's numbers (e2e/golden).

import { readFileSync } from 'node:fs';
import { test, expect } from 'playwright/test';
import { cells, makeCell } from '../../src/reference/cells.ts';
import { adam } from '../../src/reference/adam.ts';
import { sgd } from '../../src/reference/sgd.ts';
import { characterModelShapes, trainingStep, type LayerState } from '../../src/reference/character_model.ts';
import { recurrentBackward, recurrentForward, recurrentShapes } from '../../src/reference/recurrent.ts';
import { recurrentCases, trainingCases, trainingWindows, worstElement, type Arrays } from '../golden.ts';

const BOUND = 1e-10;
const read = (name: string): unknown => JSON.parse(readFileSync(new URL(`../golden/${name}.json`, import.meta.url), 'utf8'));

/** Every array of `expected`, by name; a name or value too many on either side is a failure. */
function expectArrays(actual: Arrays, expected: Arrays): void {
  expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, array] of Object.entries(expected)) {
    const worst = worstElement(actual[name]!, array);
    expect(worst.error, `${name}[${worst.index}] is ${worst.actual}, PyTorch has ${worst.expected}`).toBeLessThan(BOUND);
  }
}

/** Without the empty arrays that stand for a state c that the cell has not got. */
const present = (arrays: Arrays): Arrays => Object.fromEntries(Object.entries(arrays).filter(([, array]) => array.length > 0));

for (const file of [...Object.keys(cells), 'lstm_projected', 'recurrent_options']) {
  for (const golden of recurrentCases(read(file))) {
    test(`${file}, ${file === golden.cell ? '' : `${golden.cell}, `}${golden.name}: outputs and gradients are PyTorch's`, () => {
      const { input, h0, c0, dOutput, dHn, dCn } = golden.given;
      const options = { ...golden, cell: makeCell(golden.cell, golden.cellOptions), lengths: golden.lengths ?? undefined };
      expect(Object.keys(recurrentShapes(options)), 'the names and order of the parameters').toEqual(Object.keys(golden.parameters));

      const forward = recurrentForward(options, golden.parameters, input!, { h0, c0 }, golden.masks);
      expectArrays(present({ output: forward.output, hn: forward.hn, cn: forward.cn }), golden.results);

      const { dInput, dH0, dC0, gradients } = recurrentBackward(forward, { dOutput, dHn, dCn });
      expectArrays(present({ dInput, dH0, dC0 }), golden.gradients);
      expectArrays(gradients, golden.parameterGradients);
    });
  }
}

for (const golden of trainingCases(read('training'))) {
  test(`training, ${golden.name}: losses, gradient norms and parameters of ${golden.steps} steps are PyTorch's`, () => {
    const { vocabulary, embedding, batchSize, timeSteps, gradientClip } = golden;
    const model = { vocabulary, embedding, layers: golden.layers.map(({ cell, hiddenSize }) => ({ cell: cells[cell], hiddenSize })) };
    const parameters = Object.fromEntries(Object.entries(golden.parameters).map(([name, array]) => [name, array.slice()]));
    expect(Object.keys(characterModelShapes(model))).toEqual(Object.keys(parameters));
    const optimizer = golden.optimizer.kind === 'adam' ? adam(golden.optimizer) : sgd(golden.optimizer);
    const clipped = golden.gradientNorms.filter((norm) => norm > gradientClip).length;
    expect(clipped, 'some steps are clipped').toBeGreaterThan(0);
    expect(clipped, 'and some are not').toBeLessThan(golden.steps);

    let state: readonly LayerState[] | undefined;
    const losses: number[] = [];
    const stepLosses: number[] = [];
    const norms: number[] = [];
    for (const { inputs, targets } of trainingWindows(golden)) {
      const step = trainingStep(model, parameters, optimizer, { timeSteps, batchSize, inputs, targets }, state, gradientClip);
      losses.push(step.loss);
      stepLosses.push(...step.losses);
      norms.push(step.gradientNorm);
      state = step.state;
    }
    const floats = (values: readonly number[]): Float64Array => Float64Array.from(values);
    expectArrays(
      { losses: floats(losses), stepLosses: floats(stepLosses), norms: floats(norms) },
      { losses: floats(golden.losses), stepLosses: floats(golden.stepLosses.flat()), norms: floats(golden.gradientNorms) },
    );
    expectArrays(parameters, golden.trained);
    expectArrays({ hn: floats(state!.flatMap(({ h }) => [...h])), cn: floats(state!.flatMap(({ c }) => [...c])) }, golden.state);
  });
}
