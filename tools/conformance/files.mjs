// @ts-check
// A folder of case files → their cases, weights of `$ref` filled in.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../train/options.mjs';

/** @typedef {import('./case.ts').CaseJSON} CaseJSON */

/**
 * @typedef {object} CaseFile
 * @property {string} name
 * @property {CaseJSON[]} cases
 * @property {string | null} problem why the file, or an entry of it, cannot be read
 */

/**
 * The case files of a folder by name; *.json without "cases" is none.
 * @param {string} folder
 * @returns {CaseFile[]}
 * @throws {UsageError} for a folder that cannot be read or holds no case file
 */
export function readCaseFiles(folder) {
  let names;
  try {
    names = readdirSync(folder).filter((name) => name.endsWith('.json')).sort();
  } catch (error) {
    const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
    const reason = code === 'ENOENT' ? 'it does not exist' : code === 'ENOTDIR' ? 'it is a file; give the folder that holds it' : message;
    throw new UsageError(`cannot read the folder ${folder}: ${reason}`);
  }
  const files = names.map((name) => readCaseFile(folder, name)).filter((file) => file !== null);
  if (files.length === 0) throw new UsageError(`the folder ${folder} has no case files: no *.json with "cases"`);
  return files;
}

/** @param {string} folder @param {string} name @returns {CaseFile | null} */
function readCaseFile(folder, name) {
  let content;
  try {
    content = JSON.parse(readFileSync(join(folder, name), 'utf8'));
  } catch (error) {
    return { name, cases: [], problem: `cannot be read: ${/** @type {Error} */ (error).message}` };
  }
  if (typeof content !== 'object' || content === null || !('cases' in content)) return null;
  if (!Array.isArray(content.cases)) return { name, cases: [], problem: 'its "cases" is no list' };
  const nameless = content.cases.findIndex((/** @type {any} */ one) => typeof one?.id !== 'string' || one.id === '');
  if (nameless >= 0) return { name, cases: [], problem: `its case ${nameless} has no id` };
  return { name, cases: content.cases.map((/** @type {any} */ one) => withWeights(one, content.sharedWeights ?? {})), problem: null };
}

/**
 * An unknown `$ref` leaves the case without weights, and one with weights beside it a weight of that name, which is then its own failure.
 * @param {any} one @param {Record<string, object>} shared
 * @returns {CaseJSON}
 */
function withWeights(one, shared) {
  const reference = one.weights?.$ref;
  return reference === undefined || Object.keys(one.weights).length > 1 ? one : { ...one, weights: Object.hasOwn(shared, reference) ? shared[reference] : undefined };
}
