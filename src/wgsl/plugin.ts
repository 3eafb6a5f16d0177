// The Vite plugin: `import lstm from '…/lstm.wgsl'` gives the shader as data (types.ts). The parser stays in the build.

import type { EnvironmentModuleNode, Plugin } from 'vite';
import { LIBRARY, buildShader, writeDeclarations } from './build.ts';
import { writeDeclaration } from './declare.ts';

/** @param library folder of the import-only files */
export function wgsl(library = LIBRARY): Plugin {
  const sources = new Map<string, readonly string[]>(); // compile unit → every file that its text came from
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
      sources.set(id, files);
      for (const file of files) this.addWatchFile(file);
      writeDeclaration(id, shader);
      return { code: `export default ${JSON.stringify(shader)};\n`, map: null, moduleType: 'js' };
    },

    // A library file is no module, so Vite cannot know who is made of it.
    hotUpdate({ file, modules }) {
      if (!file.endsWith('.wgsl')) return;
      const affected = new Set<EnvironmentModuleNode>(modules);
      for (const [id, files] of sources) {
        if (!files.includes(file)) continue;
        for (const module of this.environment.moduleGraph.getModulesByFile(id) ?? []) affected.add(module);
      }
      return [...affected];
    },
  };
}
