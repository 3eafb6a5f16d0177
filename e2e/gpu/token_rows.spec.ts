// Steps that read their input side by token: the same bits as rows gathered before, without the array of them.
import { cells } from '../../src/reference/cells.ts';
import { expect, pageOf, test } from '../harness.ts';
import type { TokenRowsCase, Way } from './token_rows.page.ts';

const page = pageOf<typeof import('./token_rows.page.ts')>('/e2e/gpu/token_rows.page.ts');

const cases: TokenRowsCase[] = Object.keys(cells).flatMap((cell) => [
  { cell, embedding: 'one-hot', training: true }, { cell, embedding: 'table', training: false, folded: true },
]);

for (const one of [...cases, { cell: 'lstm', embedding: 'one-hot', training: false, folded: true }, { cell: 'lstm', embedding: 'table', training: true, projSize: 4 }] as const) {
  test(`${JSON.stringify(one)}: the same bits`, async ({ inPage }) => {
    const [gathered, read] = await inPage(page, 'twoWays', one);
    const gathers = ({ labels }: Way): number => labels.filter((label) => label === 'embedding.gather').length;
    expect(gathers(gathered)).toBe(1);
    // A one-hot layer's weights are turned round by the same kernel, once a window.
    expect(gathers(read)).toBe(one.embedding === 'one-hot' ? 1 : 0);
    expect(read.values.length).toBeGreaterThan(100);
    expect(read.values.some((x) => Math.abs(x) > 0.01)).toBe(true);
    expect(read.values).toEqual(gathered.values);
    expect(read.second).toEqual(gathered.second);
    expect(read.second).toEqual(read.values.slice(0, read.second.length));
  });
}
