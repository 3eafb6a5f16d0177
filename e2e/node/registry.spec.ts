// A cell is a shader, a record, a line of the registry, a reference and golden numbers (CONTRIBUTING.md). None may be missing,
// and all must mean the same network.

import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'playwright/test';
import type { Cell as ReferenceCell } from '../../src/reference/cell.ts';
import { cells as references, makeCell, type CellName } from '../../src/reference/cells.ts';
import { recurrentShapes } from '../../src/reference/recurrent.ts';
import { load } from '../engine.ts';
import { recurrentCases } from '../golden.ts';
import type { Cell, StepDispatch } from '../../src/cells/cell.ts';
import type * as MemoryModule from '../../src/gpu/memory.ts';
import type * as RecordingModule from '../../src/gpu/recording.ts';
import type * as RegistryModule from '../../src/cells/registry.ts';
import type * as StackParametersModule from '../../src/layers/stack_parameters.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');
const CONTRIBUTING = readFileSync(path.join(ROOT, 'CONTRIBUTING.md'), 'utf8');

const engine = async () => ({
  ...(await load<typeof MemoryModule>('/src/gpu/memory.ts')),
  ...(await load<typeof RecordingModule>('/src/gpu/recording.ts')),
  ...(await load<typeof RegistryModule>('/src/cells/registry.ts')),
  ...(await load<typeof StackParametersModule>('/src/layers/stack_parameters.ts')),
});
type Engine = Awaited<ReturnType<typeof engine>>;

const names = (folder: string, extension: string): string[] =>
  readdirSync(path.join(ROOT, folder)).flatMap((file) => (file.endsWith(extension) ? [file.slice(0, -extension.length)] : []));

/** Shaders of a cell by entry, seen by recording one step each way. */
function shadersOf({ allocateProxy, Recording }: Engine, cell: Cell): { forward: string[]; backward: string[] } {
  // More states and scratch than any cell has; large enough for a part of any weight.
  const any = allocateProxy('any', [1000], 'scratch');
  const several = [any, any, any];
  const step: StepDispatch = {
    buffers: { weight_hh: any, bias_hh: any, diagonal: any, gates: any, h: any, states: several, scratch: several, masked: any, lengths: any, norm: any },
    params: { hidden: 2 } as StepDispatch['params'], // a cell passes the others on
    constants: {},
    folded: [],
    workgroups: [1, 1, 1],
    rows: [1, 1, 1],
  };
  const recorded = (record: (recording: RecordingModule.Recording) => void): string[] => {
    const recording = new Recording();
    record(recording);
    return [...new Set(recording.commands.flatMap((command) => (command.kind === 'dispatch' ? [command.shader.name] : [])))];
  };
  return {
    forward: recorded((recording) => cell.forward(recording, step)),
    backward: recorded((recording) => cell.backward(recording, step, { dOutput: any, dHidden: any, dStates: several, dNorm: any })),
  };
}

/** Names and shapes of the parameters of two bidirectional layers, `weight_ih_l0 [8,3]`. */
function engineParameters({ stackParameters, outputColumns }: Engine, cell: Cell, projSize = 0): string[] {
  const shape = { cell, hiddenSize: 2, projSize, bias: true, direction: 'bidirectional', merge: 'concat', dropout: 0, forgetBias: 0, recurrentInit: 'uniform' } as const;
  const layers = [{ ...shape, inputSize: 3 }, { ...shape, inputSize: outputColumns({ ...shape, inputSize: 3 }) }];
  return stackParameters(layers).map(({ name, shape: extents }) => `${name} [${extents}]`).sort();
}

const referenceParameters = (cell: ReferenceCell, projSize?: number): string[] =>
  Object.entries(recurrentShapes({ cell, inputSize: 3, hiddenSize: 2, projSize, numLayers: 2, direction: 'bidirectional' }))
    .map(([parameter, extents]) => `${parameter} [${extents}]`).sort();

/** What a cell of the engine's registry has not got, in words. */
function lacks(gpu: Engine, name: string, cell: Cell): string[] {
  const missing: string[] = [];
  const need = (has: boolean, what: string): void => { if (!has) missing.push(`${name}: ${what}`); };

  need(cell.name === name, `its record in src/cells names it "${cell.name}"`);
  const { forward, backward } = shadersOf(gpu, cell);
  need(forward.length > 0 && backward.length > 0, 'its record dispatches no shader');
  for (const shader of new Set([...forward, ...backward])) {
    need(existsSync(path.join(ROOT, `shaders/cells/${shader}.wgsl`)), `no shaders/cells/${shader}.wgsl`);
    need(existsSync(path.join(ROOT, `e2e/golden/wgsl/${shader}.wgsl`)), `no e2e/golden/wgsl/${shader}.wgsl: run \`npm run golden\``);
  }

  if (!Object.hasOwn(references, name)) {
    need(false, 'no reference in src/reference/cells.ts');
  } else {
    const reference = references[name as CellName];
    need(reference.states === 1 + cell.states.length, `${1 + cell.states.length} states, ${reference.states} in the reference`);
    const [own, theirs] = [engineParameters(gpu, cell).join(', '), referenceParameters(reference).join(', ')];
    need(own === theirs, `its parameters are ${own}; the reference's are ${theirs}`);
  }

  const file = path.join(ROOT, `e2e/golden/${name}.json`);
  if (!existsSync(file)) {
    need(false, `no e2e/golden/${name}.json: e2e/golden/recurrent.py makes it`);
  } else {
    const cases = recurrentCases(JSON.parse(readFileSync(file, 'utf8')));
    need(cases.every((given) => given.cell === name), 'golden cases of another cell');
    need(cases.some(({ direction, lengths }) => direction === 'bidirectional' && lengths), 'no bidirectional golden case with lengths');
    need(cases.every(({ parameters, parameterGradients }) => Object.keys(parameters).every((key) => key in parameterGradients)), 'golden cases without gradients');
  }
  return missing;
}

test('every cell of the registry has its shader, reference and golden numbers, and they agree on its parameters', async () => {
  const gpu = await engine();
  const all = Object.entries<Cell>(gpu.cells);
  expect(all.length).toBeGreaterThanOrEqual(10);
  expect(all.flatMap(([name, cell]) => lacks(gpu, name, cell)).join('\n')).toBe('');
});

test('there is no shader and no reference of a cell that the registry has not got', async () => {
  const gpu = await engine();
  const used = new Set(Object.values<Cell>(gpu.cells).flatMap((cell) => shadersOf(gpu, cell).forward));
  expect([...used].sort()).toEqual(names('shaders/cells', '.wgsl').sort());
  expect(Object.keys(references).sort()).toEqual(Object.keys(gpu.cells).sort());
});

test('a layer-normalized cell and a projected one have the parameters of the reference, or are refused by both', async () => {
  const gpu = await engine();
  const normalized: string[] = [];
  for (const name of Object.keys(gpu.cells) as CellName[]) {
    let reference: ReferenceCell;
    try {
      reference = makeCell(name, { layerNorm: true });
    } catch {
      expect(() => gpu.cellNamed(name, { layerNorm: true }), name).toThrow(/layerNorm goes with .* was given/);
      continue;
    }
    normalized.push(name);
    const cell = gpu.cellNamed(name, { layerNorm: true });
    expect(engineParameters(gpu, cell), name).toEqual(referenceParameters(reference));
    if (cell.states.includes('c')) expect(engineParameters(gpu, cell, 1), name).toEqual(referenceParameters(reference, 1));
  }
  expect(normalized).toEqual(['lstm', 'peephole_lstm', 'coupled_lstm', 'coupled_peephole_lstm', 'gru']);
});

test('each kind of missing part is found', async () => {
  const gpu = await engine();
  const { lstm, min_gru } = gpu.cells;
  const nothing = { forward: () => undefined, backward: () => undefined };
  expect(lacks(gpu, 'min_gru', min_gru)).toEqual([]);
  expect(lacks(gpu, 'my_cell', { ...min_gru, name: 'my_cell' })).toEqual([
    'my_cell: no reference in src/reference/cells.ts',
    'my_cell: no e2e/golden/my_cell.json: e2e/golden/recurrent.py makes it',
  ]);
  expect(lacks(gpu, 'min_gru', { ...min_gru, ...nothing })).toEqual(['min_gru: its record dispatches no shader']);
  expect(lacks(gpu, 'min_gru', { ...min_gru, name: 'gru' })).toEqual(['min_gru: its record in src/cells names it "gru"']);
  expect(lacks(gpu, 'min_gru', { ...min_gru, states: ['c'] })).toEqual(['min_gru: 2 states, 1 in the reference']);
  expect(lacks(gpu, 'min_gru', { ...min_gru, gateOrder: ['z'] })[0]).toContain('bias_ih_l0 [2]');
  const elsewhere: Cell['forward'] = (recording, step) => {
    lstm.forward(recording, step);
    recording.commands.forEach((command, i) => {
      if (command.kind === 'dispatch') recording.commands[i] = { ...command, shader: { ...command.shader, name: 'nowhere' } };
    });
  };
  expect(lacks(gpu, 'lstm', { ...lstm, forward: elsewhere })).toEqual([
    'lstm: no shaders/cells/nowhere.wgsl', 'lstm: no e2e/golden/wgsl/nowhere.wgsl: run `npm run golden`',
  ]);
});

test('the code in CONTRIBUTING.md is that of the files it names', () => {
  // A line that begins with a path and ends with a colon, then a block.
  const excerpts = [...CONTRIBUTING.matchAll(/^`([\w./]+)`[^\n]*:\n\n```\w*\n([\s\S]*?)```/gm)];
  expect(excerpts.map(([, file]) => file)).toEqual(expect.arrayContaining([
    'shaders/cells/min_gru.wgsl', 'src/cells/min_gru.ts', 'src/cells/registry.ts', 'src/reference/min_gru.ts', 'src/reference/cells.ts', 'e2e/golden/cells.py',
  ]));
  for (const [, file = '', code = ''] of excerpts) {
    const text = readFileSync(path.join(ROOT, file), 'utf8');
    expect(text.includes(code), `CONTRIBUTING.md quotes ${file}, where this is not (any more):\n${code}`).toBe(true);
  }
});
