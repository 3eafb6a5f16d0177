// Calls whose argument and result travel as text, for a browser whose driver knows JSON alone: typed arrays, NaN and infinities arrive as
// they were sent.
import { parse, stringify } from 'devalue';

/**
 * Call an export of a module of this server.
 * @param sent the argument, as devalue writes it
 * @returns the result, likewise
 */
export async function callPage(module: string, name: string, sent: string): Promise<string> {
  const page = (await import(/* @vite-ignore */ module)) as Record<string, (argument: unknown) => unknown>;
  const callee = page[name];
  if (typeof callee !== 'function') throw new Error(`${module} exports no function ${name}; it has ${Object.keys(page).join(', ')}`);
  return stringify(await callee(parse(sent)));
}
