import type { Answer } from './page_process.ts';

export type Runtime = 'node' | 'deno';

/** A page module in a process. One call at a time. */
export interface PageProcess {
  readonly alive: boolean;
  /** Call an export of the page module. Rejects when the process is gone; what the export throws is in the answer. */
  call(name: string, argument: unknown): Promise<Answer>;
  close(): Promise<void>;
}

/** Why the runtime cannot run here, or null. */
export function missingForProcess(runtime: Runtime, adapter: 'default' | 'swiftshader'): string | null;

/** Start a program that `bundlePage` wrote. `fresh` are variables of its environment besides those of this process. */
export function openProcess(runtime: Runtime, options: { program: string; adapter: 'default' | 'swiftshader'; fresh?: Record<string, string> }): Promise<PageProcess>;
