// @ts-check
// The program of a page module: one that was made before, or one made now.
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const FOLDER = resolve(import.meta.dirname, '../../node_modules/.cache/hosts');

/** @param {string} module from the repository's root @returns {string} the name of its program's folder */
export const programName = (module) => module.replace(/^\//, '').replace(/\W+/g, '_');

/**
 * `UNFOLD_PROGRAMS` is a folder of programs by their names, on a machine that has no Vite to make one.
 * @param {string} module from the repository's root: `/tools/conformance/page.ts`
 * @returns {Promise<{ program: string, remove: () => void }>} `remove` when no process runs it any more
 */
export async function makeProgram(module) {
  if (process.env.UNFOLD_PROGRAMS) {
    const program = resolve(process.env.UNFOLD_PROGRAMS, programName(module), 'page.mjs');
    if (!existsSync(program)) throw new Error(`UNFOLD_PROGRAMS is ${process.env.UNFOLD_PROGRAMS}, where ${program} is missing: the folder was made without ${module}`);
    return { program, remove: () => {} };
  }
  const { bundlePage } = await import('./bundle.mjs');
  mkdirSync(FOLDER, { recursive: true });
  const folder = mkdtempSync(join(FOLDER, `${programName(module)}-`)); // runs at the same time do not disturb each other
  return { program: await bundlePage(module, folder), remove: () => rmSync(folder, { recursive: true, force: true }) };
}
