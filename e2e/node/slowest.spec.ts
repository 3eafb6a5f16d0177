// The list of the slowest tests: the slowest first, and no more than were asked for.
import { expect, test } from 'playwright/test';
import { slowestTests } from '../slowest.ts';

test('the slowest come first, in seconds, and the others are left out', () => {
  const tests = [
    { name: 'node › a.spec.ts › one', milliseconds: 40 }, { name: 'gpu › b.spec.ts › two', milliseconds: 12345 },
    { name: 'gpu › b.spec.ts › three', milliseconds: 900 },
  ];
  expect(slowestTests(tests, 2)).toEqual(['   12.3 s  gpu › b.spec.ts › two', '    0.9 s  gpu › b.spec.ts › three']);
  expect(slowestTests(tests)).toHaveLength(3);
  expect(slowestTests([])).toEqual([]);
});
