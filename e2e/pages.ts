// The one module that a host loads for the specs: it knows every page module and calls one inside the device guard.

import { installDeviceGuard } from './device_guard.ts';

const modules = import.meta.glob<Record<string, unknown>>('/e2e/**/*.page.ts');

export interface PageCall {
  /** From the repository's root: `/e2e/gpu/x.page.ts`. */
  readonly module: string;
  /** The function that it exports. */
  readonly name: string;
  readonly args: unknown;
}

export interface PageResult {
  readonly result: unknown;
  /** What the function threw, with its stack; null where it gave a result. */
  readonly thrown: string | null;
  /** What went wrong on a GPU device of the call. */
  readonly messages: readonly string[];
}

export async function call({ module, name, args }: PageCall): Promise<PageResult> {
  const guard = installDeviceGuard();
  guard.begin();
  let result: unknown = null;
  let thrown: string | null = null;
  try {
    const load = modules[module];
    if (!load) throw new Error(`there is no page module ${module}`);
    const exports = await load();
    const callee = exports[name];
    if (typeof callee !== 'function') throw new Error(`${module} exports no function ${name}; it has ${Object.keys(exports).join(', ')}.`);
    result = await (callee as (args: unknown) => unknown)(args);
  } catch (error) {
    thrown = describe(error);
  }
  return { result, thrown, messages: await guard.end() };
}

/** Name and message, then the stack, which begins with them in some engines and not in others. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return `Thrown, but no Error: ${String(error)}`;
  const { stack = '' } = error;
  return stack.startsWith(`${error.name}: `) ? stack : `${error.name}: ${error.message}\n${stack}`;
}
