import { createRecurrent, openDevice, type CellName, type Precision, type RecurrentOptions } from '../../src/index.ts';
import { DIRECT_TILES, type RecurrentTile, type Tiles } from '../../src/gpu/tiles.ts';
import { relativeL2 } from '../golden.ts';
import { randomArray } from './random_arrays.ts';
import { compare, type Comparison, type RecurrentCase } from './recurrent.page.ts';

export interface TileReport {
  /** Whether the adapter's own tiles share loads in quads; if not, both devices here take the direct ones. */
  readonly quads: boolean;
  readonly directIsDirect: boolean;
  /** By family of tiles and network: relative L2 difference of every array from the adapter's own tiles. */
  readonly errors: Record<string, Record<string, number>>;
}

type Arrays = Record<string, Float32Array>;

/** The same tiles, with some of every op's fields changed. */
const changed = (tiles: Tiles, changes: Partial<RecurrentTile>): Tiles => ({
  ...tiles,
  matmul: { ...tiles.matmul, ...changes },
  forward: { ...tiles.forward, ...changes },
  backward: { ...tiles.backward, ...changes },
});

/** A cell on the adapter's own tiles; on others of the same device; and on a device without features, which takes the direct ones that most GPUs use. */
export async function families({ cell, shapes, precision = 'f32' }: { cell: CellName; precision?: Precision; shapes: readonly { timeSteps: number; batchSize: number; hiddenSize: number; numLayers: number; lengths?: number[] }[] }): Promise<TileReport> {
  const adapter = await navigator.gpu.requestAdapter();
  const plainDevice = await adapter!.requestDevice({ requiredFeatures: precision === 'f16' ? ['shader-f16'] : [] });
  const [own, plain] = [await openDevice(), await openDevice({ device: plainDevice })];
  const errors: Record<string, Record<string, number>> = {};
  for (const { timeSteps, batchSize, lengths, ...rest } of shapes) {
    const options: RecurrentOptions = { cell, inputSize: 5, direction: 'bidirectional', seed: 4, precision, ...rest };
    const run = async (gpu: typeof own, tiles = gpu.tiles): Promise<Arrays> => {
      const before = gpu.tiles;
      gpu.tiles = tiles;
      const network = createRecurrent(gpu, options);
      const plan = network.plan({ timeSteps, batchSize, training: true, ragged: lengths !== undefined });
      plan.forward({ input: randomArray(timeSteps * batchSize * 5, 1), ...(lengths && { lengths }) });
      const output = await plan.output.read();
      plan.backward({ dOutput: randomArray(output.length, 2) });
      const arrays: Arrays = { output, dInput: await plan.dInput.read(), dH0: await plan.dH0.read() };
      for (const [name, array] of Object.entries(network.gradients)) arrays[name] = await array.read();
      network.destroy();
      gpu.tiles = before;
      return arrays;
    };
    const usual = await run(own);
    const others: Record<string, Arrays> = {
      direct: await run(plain),
      // Fewer threads than units: each loops over some of them.
      sequence: await run(own, changed(own.tiles, { mode: 'sequence', workgroup: 4 })),
      // More rows, units and terms a turn than there are: what is past the last is not stored, and the terms left over are added one by one.
      // Without shared loads the text of eight row quads would take minutes to compile, of three, once for each size, one.
      wide: await run(own, changed(own.tiles, { units: 2, depthQuads: 2, ...(own.tiles.forward.quads ? { rowQuads: 8, specializeAbove: 0 } : { rowQuads: 3 }) })),
      // Folded sizes need pipelines of their own, so each of these has one of the shapes.
      ...(lengths
        ? { 'direct sequence': await run(plain, changed(plain.tiles, { mode: 'sequence', workgroup: 64, rowQuads: 1, units: 3 })) }
        : { folded: await run(own, changed(own.tiles, { specializeAbove: 0 })) }),
    };
    for (const [family, arrays] of Object.entries(others)) {
      errors[`${family}, H=${rest.hiddenSize} N=${batchSize}`] = Object.fromEntries(Object.entries(usual).map(([name, values]) => [name, relativeL2(arrays[name]!, values)]));
    }
  }
  return { quads: own.tiles.forward.quads, directIsDirect: !plain.tiles.forward.quads, errors };
}

/** Networks whose weights' gradients are summed in slices, beside the float64 reference. */
export async function sliced(cases: readonly RecurrentCase[]): Promise<Comparison[]> {
  const gpu = await openDevice();
  gpu.tiles = { ...DIRECT_TILES, matmul: { ...DIRECT_TILES.matmul, slices: 8 } };
  const results: Comparison[] = [];
  for (const given of cases) results.push(await compare(gpu, given));
  return results;
}
