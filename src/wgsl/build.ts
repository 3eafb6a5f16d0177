// All shaders of the project at once: for the type check, the golden files and the lints.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { unroll } from '../shader_text/unroll.ts';
import { writeDeclaration } from './declare.ts';
import { expand, ShaderError } from './expand.ts';
import type { Expanded } from './expand.ts';
import { reflect } from './reflect.ts';
import type { Shader } from './types.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

/** Import-only files. */
export const LIBRARY = path.join(ROOT, 'shaders/lib');

export interface Built {
  readonly file: string;
  readonly shader: Shader;
  readonly expanded: Expanded;
}

/** Expands and reflects one `.wgsl` file. */
export function buildShader(file: string, library = LIBRARY): Built {
  const expanded = expand(file, library);
  return { file, shader: reflect(expanded), expanded };
}

/**
 * Builds every compile unit below `folder`, in the order of their names.
 *
 * @throws when two have the same stem, which is a shader's name everywhere
 */
export function buildShaders(folder = path.join(ROOT, 'shaders'), library = path.join(folder, 'lib')): Built[] {
  const built = shaderFiles(folder, library).map((file) => buildShader(file, library));
  built.sort((a, b) => (a.shader.name < b.shader.name ? -1 : 1));
  for (const [index, { file, shader }] of built.entries()) {
    const previous = built[index - 1];
    if (previous?.shader.name === shader.name) {
      throw new Error(`Two shaders are named ${shader.name}: ${previous.file} and ${file}. Rename one.`);
    }
  }
  return built;
}

/** The text of every shader as a device gets it with the default constants, by name: what the golden files hold. */
export function unrolledShaders(): Map<string, string> {
  return new Map(buildShaders().map(({ shader }) => [shader.name, unroll(shader.code)]));
}

/**
 * Writes the declarations of all shaders, those of tests and tools included, and returns how many there are.
 *
 * @throws after the last one, with the mistakes of every shader that has one
 */
export function writeDeclarations(): number {
  const files = ['shaders', 'e2e/gpu', 'tools/probe'].flatMap((folder) => shaderFiles(path.join(ROOT, folder), LIBRARY));
  const mistakes: string[] = [];
  for (const file of files) {
    try {
      writeDeclaration(file, buildShader(file).shader);
    } catch (error) {
      if (!(error instanceof ShaderError)) throw error;
      mistakes.push(error.message);
    }
  }
  if (mistakes.length > 0) throw new Error(mistakes.join('\n'));
  return files.length;
}

function shaderFiles(folder: string, library: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.wgsl'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => path.relative(library, file).startsWith('..'))
    .sort();
}

