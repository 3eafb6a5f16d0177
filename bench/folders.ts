// Places that several files ask for.

import path from 'node:path';

/** Of the benchmark: this folder of the repository, or the one that bench/build.ts has written. */
export const HERE = import.meta.dirname;
/** Of the repository. */
export const ROOT = path.resolve(HERE, '..');
/** What the benchmark writes for itself lies below it: modules that it builds, answers of the oracle, what tuning chose. */
export const KEPT = process.env.UNFOLD_BENCH_FOLDER ? path.resolve(process.env.UNFOLD_BENCH_FOLDER) : path.join(HERE, 'node_modules');
