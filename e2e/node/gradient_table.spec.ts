// The table of gradient checks: one row a cell and direction, the worst of all networks in it.
import { expect, test } from 'playwright/test';
import { gradientHeadline, gradientTable, type NetworkErrors } from '../gradient_table.ts';

test('a row has the worst of its networks by depth, and nothing where none was run', () => {
  const one = (cell: string, configuration: string, layers: number, output: number, gradient: number): NetworkErrors => ({ cell, configuration, numLayers: layers, output, gradient });
  const lines = gradientTable([
    one('lstm', 'reverse, lengths', 3, 1e-7, 2e-7), one('gru', 'forward', 1, 3e-7, 5e-7), one('gru', 'forward', 1, 4e-7, 1e-7), one('gru', 'forward', 2, 1e-6, 2e-4),
  ]);
  expect(lines.map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
    'cell  direction  networks  1 layer  2 layers  3 layers',
    'gru  forward  3  4.0e-7 5.0e-7  1.0e-6 2.0e-4',
    'lstm  reverse, lengths  1  1.0e-7 2.0e-7',
  ]);
  const start = lines[0]!.indexOf('3 layers');
  expect(lines[2]!.slice(start, start + 6)).toBe('1.0e-7');
});

test('an error that is no number shows', () => {
  const [, line] = gradientTable([{ cell: 'gru', configuration: 'forward', numLayers: 1, output: 1e-7, gradient: 1e-7 }, { cell: 'gru', configuration: 'forward', numLayers: 1, output: NaN, gradient: 0 }]);
  expect(line).toContain('NaN 1.0e-7');
});

test('the headline has the worst of all networks, how many they are of, and how to run the others', () => {
  const one = { cell: 'gru', configuration: 'forward', numLayers: 1, output: 1e-7, gradient: 3e-6 };
  const two = { ...one, output: 2e-6, gradient: 1e-7 };
  expect(gradientHeadline([one, two], 9)).toMatch(/^Relative L2 errors against float64 of 2 of 9 networks \(UNFOLD_FULL=1 runs all\): worst of outputs 2.0e-6 .* worst of gradients 3.0e-6 /);
  expect(gradientHeadline([one, two], 2)).toContain('of all 2 networks: worst');
});
