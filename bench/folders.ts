// Places that several files ask for.

import path from 'node:path';

/** Of the benchmark. */
export const HERE = import.meta.dirname;
/** Of the repository. */
export const ROOT = path.resolve(HERE, '..');
