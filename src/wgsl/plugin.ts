// The Vite plugin: `import lstm from '…/lstm.wgsl'` gives the shader as data (types.ts). The parser stays in the build.
// The text of a library file is loaded by the shaders that import it (module.ts), and by nothing else.

import type { Plugin } from 'vite';
import { LIBRARY, buildShader, writeDeclarations } from './build.ts';
import { writeDeclaration } from './declare.ts';
import { shaderModule, textModule, TEXT } from './module.ts';

/** No line of such a module stands in the file that it is made of. */
const NO_MAP = { mappings: '' } as const;

/** @param library folder of the import-only files */
export function wgsl(library = LIBRARY): Plugin {
  return {
    name: 'unfold:wgsl',
    enforce: 'pre',

    buildStart() {
      try {
        writeDeclarations();
      } catch (error) {
        this.warn((error as Error).message); // a shader that is imported fails its own load; the others may wait
      }
    },

    load(id) {
      if (id.endsWith(`.wgsl${TEXT}`)) return { code: textModule(id.slice(0, -TEXT.length)), map: NO_MAP, moduleType: 'js' };
      if (!id.endsWith('.wgsl')) return null;
      const { shader, expanded } = buildShader(id, library);
      for (const file of expanded.files) this.addWatchFile(file); // what is known of the shader may change, too, when a library file does
      writeDeclaration(id, shader);
      return { code: shaderModule(expanded, shader), map: NO_MAP, moduleType: 'js' };
    },
  };
}
