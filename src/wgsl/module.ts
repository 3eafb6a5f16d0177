// A shader as a JavaScript module. The text of a library file is a module of its own, so that a bundle has it once, however many shaders
// import it; and comments, which no device reads, stay behind.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { maskComments } from '../shader_text/unroll.ts';
import { ShaderError, type Expanded } from './expand.ts';
import type { Shader } from './types.ts';

/** What is added to the path of a library file for the module of its own text. */
export const TEXT = '?text';

/** The text without its comments, and without the lines that are then blank. */
export function withoutComments(code: string): string {
  return maskComments(code).split('\n').map((line) => line.trimEnd()).filter((line) => line !== '').map((line) => `${line}\n`).join('');
}

/** A module whose default export is the text of a library file, without what it imports. */
export function textModule(file: string): string {
  const lines = withoutComments(readFileSync(file, 'utf8').replace(/\r\n?/g, '\n')).split('\n');
  return `export default ${JSON.stringify(lines.filter((line) => !/^\s*#import\b/.test(line)).join('\n'))};\n`;
}

/**
 * A module whose default export is the shader, put together from the texts of the library and its own.
 *
 * @throws {ShaderError} an `#import` behind the first line of code: the text around it would not be in one piece
 */
export function shaderModule({ code, origins, files }: Expanded, shader: Shader): string {
  const [own = ''] = files;
  const pieces: string[] = [];
  let text = '';
  for (const [index, line] of maskComments(code).split('\n').entries()) {
    const origin = origins[index];
    if (line.trim() === '' || origin === undefined) continue;
    if (origin.file === own) text += `${line.trimEnd()}\n`;
    else if (text !== '') throw new ShaderError(origin, `${path.basename(own)} has code before the #import that leads here; move the #import to the top.`);
    else if (pieces.at(-1) !== origin.file) {
      if (pieces.includes(origin.file)) throw new ShaderError(origin, 'there is code before an #import of this file; move the #import to the top.');
      pieces.push(origin.file);
    }
  }
  const imports = pieces.map((file, index) => {
    const relative = path.relative(path.dirname(own), file).split(path.sep).join('/');
    return `import text${index} from ${JSON.stringify(`${relative.startsWith('.') ? relative : `./${relative}`}${TEXT}`)};\n`;
  });
  const sum = [...pieces.map((_, index) => `text${index}`), JSON.stringify(text)].join(' + ');
  const fields = Object.entries(shader).map(([name, value]) => `  ${name}: ${name === 'code' ? sum : JSON.stringify(value)},\n`);
  return `${imports.join('')}export default {\n${fields.join('')}};\n`;
}
