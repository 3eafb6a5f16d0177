// What every module has in common: state dicts of PyTorch go in and out, and what is wrong with one is told before anything is changed.
import { readFileSync } from 'node:fs';
import { expect, pageOf, test } from '../harness.ts';

const page = pageOf<typeof import('./module.page.ts')>('/e2e/gpu/module.page.ts');
const golden = (path: string): URL => new URL(`../golden/${path}`, import.meta.url);

test('state dicts that PyTorch has saved load unchanged, give what they give there, and come out to the bit', async ({ inPage }) => {
  const cases = JSON.parse(readFileSync(golden('state_dicts.json'), 'utf8')) as { cases: { name: string }[] };
  const names = cases.cases.map(({ name }) => name);
  expect(names).toEqual(['lstm', 'gru', 'rnn', 'lstm_two_layers', 'lstm_bidirectional', 'lstm_projected']);
  const files = Object.fromEntries(names.map((name) => [name, readFileSync(golden(`state_dicts/${name}.safetensors`)).toString('base64')]));
  const results = await inPage(page, 'fromPyTorch', { cases, files });
  expect(Object.keys(results)).toEqual(names);
  for (const [name, { output, head, same }] of Object.entries(results)) {
    expect.soft(output, name).toBeLessThan(1e-6);
    expect.soft(head, name).toBeLessThan(1e-6);
    expect.soft(same, name).toBe(true);
  }
});

test('a state of another module is refused by the tensor that is wrong, and changes nothing', async ({ inPage }) => {
  const { results, same, looked, unread, unknown, inherited } = await inPage(page, 'refusals');
  const expected: Record<string, RegExp> = {
    missing: /^RangeError: the state has no weight_ih_l0: it has weight_hh_l0, bias_ih_l0, bias_hh_l0\. Give/,
    prefixed: /^RangeError: the state has no weight_ih_l0: it has rnn\.weight_ih_l0.*`prefix`/,
    otherPrefix: /^RangeError: the state has no weight_ih_l0 under the prefix "encoder\.": it has weight_ih_l0, /,
    surplus: /^RangeError: the state has head\.weight, which this module has not: it has weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0\. Give the `prefix`/,
    shape: /^RangeError: weight_hh_l0 is \[3,9\] in the state and \[9,3\] in this module/,
    integers: /^TypeError: bias_hh_l0 is a Int32Array in the state/,
    notFinite: /^RangeError: bias_ih_l0 is not finite: element 4 of 9 is -Infinity: .*allowNotFinite/,
    nothing: /^TypeError: the state must be what readSafetensors gives, or a list of \{ name, shape, data \}; null was given/,
    bytes: /^TypeError: the state must be what readSafetensors gives/,
    list: /^TypeError: state\[0\] must be \{ name, shape, data \}/,
  };
  expect(Object.keys(results)).toEqual(Object.keys(expected));
  for (const [name, message] of Object.entries(expected)) expect.soft(results[name], name).toMatch(message);
  expect(same, 'the parameters are as they were').toBe(true);
  expect(looked).toBe('-Infinity');
  expect(unread).toMatch(/^RangeError: bias_ih_l0 is not finite: element 4 of 9 is -Infinity/);
  expect(unknown).toMatch(/^RangeError: there is no parameter "weight_ih_l1"; there are weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0/);
  expect(inherited).toMatch(/^RangeError: there is no parameter "toString"/);
});

test('modules and plans can be disposed of, as `using` does it at the end of a block', async ({ inPage }) => {
  const { before, within, after, used } = await inPage(page, 'disposed');
  expect(within).toBeGreaterThan(before);
  expect(after).toBe(before);
  expect(used).toMatch(/^DestroyedError: .*the lstm network was destroyed/);
});
