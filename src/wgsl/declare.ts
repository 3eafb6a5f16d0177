// `x.d.wgsl.ts` beside `x.wgsl`: the shader's names as literal types, so a wrong binding is a type error.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Shader } from './types.ts';

const TYPES = path.join(import.meta.dirname, 'types.ts');

/** Path of the declaration of a `.wgsl` file. */
export function declarationPath(file: string): string {
  return file.replace(/\.wgsl$/, '.d.wgsl.ts');
}

/** The declaration's text. `file` is the `.wgsl` file, which decides the relative import. */
export function declaration(file: string, shader: Shader, types = TYPES): string {
  const relative = path.relative(path.dirname(file), types).split(path.sep).join('/');
  const entries = Object.values(shader.entries).map((entry) =>
    `  readonly ${entry.name}: {\n` +
    `    readonly bindings: ${union(entry.bindings.map(({ name }) => name))};\n` +
    `    readonly params: ${union(entry.params?.fields.map(({ name }) => name) ?? [])};\n` +
    '  };\n');
  return `// Written from ${path.basename(file)} by the build.\n` +
    `import type { Shader } from '${relative.startsWith('.') ? relative : `./${relative}`}';\n\n` +
    `declare const shader: Shader<{\n${entries.join('')}}, ${union(Object.keys(shader.constants))}>;\nexport default shader;\n`;
}

/** Writes the declaration where it differs from what is there. */
export function writeDeclaration(file: string, shader: Shader): void {
  const target = declarationPath(file);
  const text = declaration(file, shader);
  let previous: string | undefined;
  try {
    previous = readFileSync(target, 'utf8');
  } catch {
    // not written yet
  }
  if (previous !== text) writeFileSync(target, text);
}

function union(names: readonly string[]): string {
  return names.length === 0 ? 'never' : names.map((name) => `'${name}'`).join(' | ');
}
