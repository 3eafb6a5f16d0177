// Of a shader's text, only the functions that one entry point reaches: what a pipeline never calls it would still parse, check and
// expand, and a file has several entries.
import { maskComments } from './unroll.ts';

interface Span {
  readonly start: number;
  readonly end: number;
}

/** Functions by name: from their attributes to their closing brace. Functions do not nest, and `#unroll` blocks close within them. */
function functionsOf(masked: string): Map<string, Span> {
  const functions = new Map<string, Span>();
  for (const { 0: head, 1: name, index } of masked.matchAll(/(?:@\w+(?:\([^()]*\))?\s*)*\bfn\s+(\w+)\s*\(/g)) {
    const braces = /[{}]/g;
    braces.lastIndex = index + head.length;
    let depth = 0;
    let end = masked.length;
    for (let found; (found = braces.exec(masked)); ) {
      depth += found[0] === '{' ? 1 : -1;
      if (depth > 0) continue;
      end = found.index + 1;
      break;
    }
    functions.set(name!, { start: index, end });
  }
  return functions;
}

/**
 * @param code WGSL, imports expanded, `#unroll` not
 * @throws Error where there is no function of that name
 */
export function reachable(code: string, entry: string): string {
  const masked = maskComments(code);
  const functions = functionsOf(masked);
  const open = [entry];
  const kept = new Set<string>();
  for (let name; (name = open.pop()) !== undefined; ) {
    if (kept.has(name)) continue;
    const span = functions.get(name);
    if (!span) throw new Error(`the shader has no function ${name}; it has ${[...functions.keys()].join(', ')}`);
    kept.add(name);
    for (const [, called] of masked.slice(span.start, span.end).matchAll(/\b(\w+)\s*\(/g)) if (functions.has(called!)) open.push(called!);
  }
  let text = '';
  let from = 0;
  for (const [name, { start, end }] of functions) {
    if (kept.has(name)) continue;
    text += code.slice(from, start);
    from = end;
  }
  return text + code.slice(from);
}
