// The Vite plugin: `import lstm from '…/lstm.wgsl'` gives the shader as data (types.ts). The parser stays in the build.

import type { Plugin } from 'vite';
import { LIBRARY, buildShader, writeDeclarations } from './build.ts';
import { writeDeclaration } from './declare.ts';

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
      if (!id.endsWith('.wgsl')) return null;
      const { shader, files } = buildShader(id, library);
      for (const file of files) this.addWatchFile(file); // Vite reloads the shader, too, when a library file changes
      writeDeclaration(id, shader);
      return { code: `export default ${JSON.stringify(shader)};\n`, map: null, moduleType: 'js' };
    },
  };
}
