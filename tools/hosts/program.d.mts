/** The program of a page module, a path from the repository's root: one that was made before, or one made now. */
export function makeProgram(module: string): Promise<{ readonly program: string; readonly remove: () => void }>;
