// @ts-check
// The files of `npm run train`: a text in, weights and checkpoints out. What is wrong with a path is said before anything starts.
import { accessSync, constants, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from './options.mjs';

/**
 * The text of a book, with line feeds for line ends.
 * @param {string} path
 * @throws {UsageError} for a file that is missing, unreadable, empty, or no UTF-8 or UTF-16 text
 */
export function readBook(path) {
  const bytes = readBytes(path);
  const encoding = bytes[0] === 0xff && bytes[1] === 0xfe ? 'utf-16le' : bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8';
  let text;
  try {
    // The decoder also takes a byte order mark away.
    text = new TextDecoder(encoding, { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError(`${path} is not ${encoding.toUpperCase()} text; convert it, for example with: iconv -f EUC-KR -t UTF-8 ${path}`);
  }
  if (text.trim() === '') throw new UsageError(`${path} is empty: there is nothing to learn from`);
  if (text.includes('\0')) throw new UsageError(`${path} holds zero bytes: it is no text file`);
  return text.replace(/\r\n?/g, '\n');
}

/**
 * @param {string} path
 * @throws {UsageError} where the file cannot be read
 */
export function readBytes(path) {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reason(error)}`);
  }
}

/**
 * @param {string} path of a file that will be written later
 * @throws {UsageError} where its folder is missing or cannot be written to
 */
export function checkWritable(path) {
  const folder = dirname(resolve(path));
  try {
    accessSync(folder, constants.W_OK);
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw Object.assign(new Error(), { code: 'EISDIR' });
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${reason(error, `folder ${folder}`)}`);
  }
}

/**
 * Write a file whole or not at all: a reader, or a power cut, never meets half of it.
 * @param {string} path @param {Uint8Array} bytes
 */
export function writeWhole(path, bytes) {
  const partial = join(dirname(resolve(path)), `.${basename(path)}.${process.pid}.partial`);
  try {
    writeFileSync(partial, bytes, { flush: true });
    renameSync(partial, path);
  } catch (error) {
    rmSync(partial, { force: true });
    throw new Error(`cannot write ${path}: ${reason(error)}`);
  }
}

/** @param {unknown} error @param {string} what */
function reason(error, what = 'it') {
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error);
  switch (code) {
    case 'ENOENT': return `${what} does not exist`;
    case 'EISDIR': return 'it is a folder; give a file';
    case 'ENOTDIR': return 'a part of the path is a file, not a folder';
    case 'EACCES':
    case 'EPERM': return `${what} may not be accessed by this user`;
    case 'ENOSPC': return 'the disk is full';
    default: return message;
  }
}
