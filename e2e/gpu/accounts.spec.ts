// Bytes: every public object takes what it says, no more when it is used again, and leaves nothing when it is destroyed.
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./accounts.page.ts')>('/e2e/gpu/accounts.page.ts');

/** Objects by what their names begin with, and how many they are. */
const OBJECTS: [string[], number][] = [
  [['a plan'], 6], [['a stream', 'a linear layer', 'attention'], 4], [['a loss', 'an optimizer'], 6], [['a model', 'a trainer that evaluates'], 2], [['a trainer of text', 'a trainer,'], 3],
];

for (const [begins, count] of OBJECTS) {
  test(`${begins[0]}${begins.length > 1 ? ' and others' : ''}: each takes the bytes that it declares, no more when it is used again, and leaves no buffer`, async ({ inPage }) => {
    const results = await inPage(page, 'accounts', begins);
    expect(Object.keys(results)).toHaveLength(count);
    for (const [name, { declared, made, used, reported, adds, left, grown }] of Object.entries(results)) {
      expect.soft(made, name).toBeGreaterThan(0);
      if (declared !== null) expect.soft(declared, `${name}: what it declares`).toBe(made);
      expect.soft(reported, `${name}: by the engine's account`).toBe(made);
      // A stream makes what reorders its rows when it is first asked to.
      if (name !== 'a stream') expect.soft(used, `${name}: after its use`).toBe(made);
      expect.soft(grown, `${name}: buffers of its second use`).toBe(0);
      expect.soft(adds, `${name}: by purpose`).toBe(true);
      expect.soft(left, `${name}: what is left`).toEqual({ buffers: 0, bytes: 0 });
    }
  });
}
