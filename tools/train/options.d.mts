import type { Options } from './types.ts';

/** Wrong use of the command: one line for the reader, exit status 2. */
export class UsageError extends Error {}

export const HELP: string;

/** The words after the script, checked. Throws UsageError. */
export function parseOptions(words: string[]): Options | 'help';
