import type { Example, OptionValue } from '../../examples/example.ts';

export interface Choice {
  readonly example: Example;
  readonly options: Record<string, OptionValue>;
  readonly adapter: 'default' | 'swiftshader';
}

/** The list of the examples, as text. */
export function overview(examples: readonly Example[]): string;

/** An example's options, as text. */
export function help(example: Example): string;

/** Words → an example and its options, or what is asked to be printed. Throws UsageError. */
export function parseOptions(words: readonly string[], examples: readonly Example[]): Choice | { print: string };
