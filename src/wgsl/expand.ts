// `#import name` becomes the text of `name.wgsl` in the library folder, each file once, also where it is nested.
// Only text moves: WGSL's module scope is order-free, so a library file may call a function that its importer defines.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { maskComments } from '../shader_text/unroll.ts';

/** Where a line of the expanded text was written; `line` counts from 1. */
export interface Origin {
  readonly file: string;
  readonly line: number;
}

export interface Expanded {
  /** The compile unit's stem. */
  readonly name: string;
  /** The text, `#unroll` blocks still in it. */
  readonly code: string;
  /** One a line of `code`. */
  readonly origins: readonly Origin[];
  /** Every file read, the compile unit first: what to watch. */
  readonly files: readonly string[];
}

/** A mistake in a shader, at `file:line`. */
export class ShaderError extends Error {
  override readonly name = 'ShaderError';

  constructor(origin: Origin, message: string) {
    super(`${path.relative(process.cwd(), origin.file)}:${origin.line}: ${message}`);
  }
}

/**
 * Expands one compile unit.
 *
 * @param file path of the `.wgsl` file
 * @param library folder of the import-only files
 * @throws {ShaderError} an import that is unknown or imports itself, a directive that is none of ours
 */
export function expand(file: string, library: string): Expanded {
  if (!path.relative(library, file).startsWith('..')) {
    throw new ShaderError({ file, line: 1 }, 'this file is text to #import, never a shader of its own; import it from one.');
  }
  const lines: string[] = [];
  const origins: Origin[] = [];
  const files: string[] = [];

  const include = (source: string, importers: readonly string[], from?: Origin): void => {
    let text: string;
    try {
      text = readFileSync(source, 'utf8');
    } catch {
      throw new ShaderError(from ?? { file: source, line: 1 }, from
        ? `there is no ${path.relative(process.cwd(), source)} to #import.`
        : 'this shader cannot be read.');
    }
    files.push(source);
    const code = text.replace(/\r\n?/g, '\n').replace(/\n+$/, '');
    const masked = maskComments(code).split('\n');
    for (const [index, line] of code.split('\n').entries()) {
      const origin = { file: source, line: index + 1 };
      const directive = masked[index]?.trim() ?? '';
      if (!directive.startsWith('#') || /^#unroll\b/.test(directive)) {
        lines.push(line);
        origins.push(origin);
        continue;
      }
      const name = /^#import\s+(\w+)$/.exec(directive)?.[1];
      if (name === undefined) {
        throw new ShaderError(origin, `got \`${directive}\`, expected \`#import name\` or \`#unroll name in FROM..TO {\`.`);
      }
      const imported = path.join(library, `${name}.wgsl`);
      const chain = [...importers, source];
      if (chain.includes(imported)) {
        const cycle = [...chain.slice(chain.indexOf(imported)), imported].map((each) => path.basename(each, '.wgsl'));
        throw new ShaderError(origin, `the imports go round in a circle: ${cycle.join(' → ')}.`);
      }
      if (!files.includes(imported)) include(imported, chain, origin);
    }
  };

  include(file, []);
  return { name: path.basename(file, '.wgsl'), code: `${lines.join('\n')}\n`, origins, files };
}
