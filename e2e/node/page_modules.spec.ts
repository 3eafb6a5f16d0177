// A spec names a page module twice, by its types and by its path: the two must be one file.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'playwright/test';

const ROOT = path.resolve(import.meta.dirname, '../..');

interface Named {
  readonly file: string;
  /** What the types are of, from the repository's root. */
  readonly types: string;
  readonly path: string;
}

/** Every `pageOf` of a file that imports its types. */
function pagesOf(file: string, code: string): Named[] {
  return [...code.matchAll(/pageOf<typeof import\('([^']+)'\)>\('([^']+)'\)/g)].map(([, types = '', named = '']) =>
    ({ file, types: path.posix.join('/', path.posix.dirname(file), types), path: named }));
}

const named = ['e2e/gpu', 'e2e/f16'].flatMap((folder) => readdirSync(path.join(ROOT, folder)).filter((name) => name.endsWith('.ts'))
  .flatMap((name) => pagesOf(`${folder}/${name}`, readFileSync(path.join(ROOT, folder, name), 'utf8'))));

test('the path of a page module is that of its types', () => {
  expect(named.length).toBeGreaterThan(40);
  expect(named.filter((one) => one.types !== one.path)).toEqual([]);
});

test('a path of another file is found', () => {
  const [same, other] = pagesOf('e2e/f16/x.spec.ts', `
    const a = pageOf<typeof import('../gpu/a.page.ts')>('/e2e/gpu/a.page.ts');
    const b = pageOf<typeof import('./b.page.ts')>('/e2e/gpu/b.page.ts');`);
  expect(same).toEqual({ file: 'e2e/f16/x.spec.ts', types: '/e2e/gpu/a.page.ts', path: '/e2e/gpu/a.page.ts' });
  expect(other).toEqual({ file: 'e2e/f16/x.spec.ts', types: '/e2e/f16/b.page.ts', path: '/e2e/gpu/b.page.ts' });
});
