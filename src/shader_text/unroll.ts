// `#unroll`, the one textual directive that is still in a shader when it reaches the device: register tiles need
// straight-line code, and their extents are known only when a schedule has chosen its tile constants.
//
//   #unroll m in 0..ROWS {
//     let a_$m = load_a(row_$m + k);
//     #unroll q in 0..QUADS { acc_$m_$q += a_$m.x * b0_$q; }
//   }
//
// The braces vanish, so a `let` of the block is visible behind it. `$m` becomes the number. Bounds are integers, constants
// in capitals of the same text, and sums, differences, products and quotients of them (`ROWS * 4`, `(TILE + 3) / 4`).

/** The most lines that one shader may grow to. Compilers need seconds long before this. */
const LINE_LIMIT = 20_000;

/** A line of the expansion and the line of the source, from 1, that it was made of. */
export interface SourceLine {
  readonly text: string;
  readonly line: number;
}

/** A line that is not expanded yet; `variables` says whether a `$name` is in its code. */
interface Line extends SourceLine {
  readonly variables: boolean;
}

interface Block {
  readonly variable: string;
  readonly from: number;
  readonly to: number;
  readonly line: number;
  readonly body: readonly Part[];
}

type Part = Line | Block;

/**
 * Replaces tile constants, then expands every `#unroll` block.
 *
 * @param code WGSL, imports already expanded
 * @param constants new values by name; each replaces exactly one `const NAME = literal;` and keeps the literal's suffix
 * @throws when a constant is not there once, its value does not fit the literal, a block is malformed, or the text
 *   would exceed 20,000 lines
 */
export function unroll(code: string, constants: Readonly<Record<string, number>> = {}): string {
  return unrollLines(code, constants).map(({ text }) => text).join('\n');
}

/** As `unroll`, with the source line behind every line of the result. */
export function unrollLines(code: string, constants: Readonly<Record<string, number>> = {}): SourceLine[] {
  const text = replaceConstants(code, constants);
  const lines: SourceLine[] = [];
  emit(new Parser(text).parse(), new Map(), lines);
  return lines;
}

/** The text with every comment blanked, so that a search finds code only; offsets and line breaks stay. */
export function maskComments(code: string): string {
  let masked = '';
  let at = 0;
  while (at < code.length) {
    const start = at;
    if (code.startsWith('//', at)) {
      const end = code.indexOf('\n', at);
      at = end < 0 ? code.length : end;
    } else if (code.startsWith('/*', at)) {
      let depth = 0; // WGSL's block comments nest
      do {
        if (code.startsWith('/*', at)) [depth, at] = [depth + 1, at + 2];
        else if (code.startsWith('*/', at)) [depth, at] = [depth - 1, at + 2];
        else at++;
      } while (depth > 0 && at < code.length);
    } else {
      const next = /\/[/*]/g;
      next.lastIndex = at;
      at = next.exec(code)?.index ?? code.length;
      masked += code.slice(start, at);
      continue;
    }
    masked += code.slice(start, at).replace(/[^\n]/g, ' ');
  }
  return masked;
}

const NUMBER = /^(-?(?:0[xX][0-9a-fA-F]+|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?))([uifh]?)$/;

function replaceConstants(code: string, constants: Readonly<Record<string, number>>): string {
  let text = code;
  for (const [name, value] of Object.entries(constants)) {
    const declarations = [...maskComments(text).matchAll(declaration(name))];
    const [match] = declarations;
    if (!match || declarations.length > 1) {
      throw new Error(`Tile constant ${name}: expected exactly one \`const ${name} = <number>;\` in the shader, ` +
        `found ${declarations.length}. Constants of this shader: ${constantNames(text).join(', ') || 'none'}.`);
    }
    const [, head = '', initial = ''] = match;
    const literal = NUMBER.exec(initial.trim());
    if (!literal) {
      throw new Error(`Tile constant ${name}: \`const ${name} = ${initial.trim()};\` is no plain number. ` +
        'If others compute it, replace those.');
    }
    const start = match.index + head.length;
    text = text.slice(0, start) + spell(name, value, literal[1] ?? '', literal[2] ?? '') + text.slice(start + initial.length);
  }
  return text;
}

/** `value` as a WGSL literal of the kind of the one it replaces. */
function spell(name: string, value: number, literal: string, suffix: string): string {
  const float = suffix === 'f' || suffix === 'h' || (suffix === '' && /^-?[^xX]*[.eE]/.test(literal));
  const low = suffix === 'u' ? 0 : -(2 ** 31);
  const high = suffix === 'u' ? 2 ** 32 - 1 : 2 ** 31 - 1;
  if (float ? !Number.isFinite(value) : !(Number.isInteger(value) && value >= low && value <= high)) {
    throw new Error(`Tile constant ${name}: got ${value}, expected ${float ? 'a finite number' : `an integer from ${low} to ${high}`} ` +
      `(the shader declares it as ${literal}${suffix}).`);
  }
  const digits = String(value);
  return (float && suffix === '' && !/[.e]/.test(digits) ? `${digits}.0` : digits) + suffix;
}

// Group 1: up to the value. Group 2: the value.
function declaration(name: string): RegExp {
  return new RegExp(`(\\bconst[ \\t]+${name}[ \\t]*(?::[^=;{}]*)?=[ \\t]*)([^;{}]*)(?=;)`, 'g');
}

function constantNames(code: string): string[] {
  return [...maskComments(code).matchAll(/\bconst[ \t]+([A-Z][A-Z0-9_]*)\b/g)].map(([, name = '']) => name);
}

/** Splits text into lines and blocks. `masked` is searched, `code` is copied. */
class Parser {
  readonly #code: string;
  readonly #masked: string;
  #at = 0;
  #line = 1;

  constructor(code: string) {
    this.#code = code;
    this.#masked = maskComments(code);
  }

  parse(): Part[] {
    return this.#block(null);
  }

  /** Reads up to the `}` of the block that opened on line `opened`, or to the end of the text where that is null. */
  #block(opened: number | null): Part[] {
    const parts: Part[] = [];
    const interesting = /\n|[{}]|#unroll\b/g;
    let start = this.#at;
    let depth = 0;
    let shared = opened !== null; // a directive or a vanished brace is on this line, so nothing of it may remain
    const flush = (end: number): void => {
      const text = this.#code.slice(start, end);
      if (shared && text.trim() === '') return;
      parts.push({ text: shared ? text.trimEnd() : text, line: this.#line, variables: this.#masked.slice(start, end).includes('$') });
    };
    for (;;) {
      interesting.lastIndex = this.#at;
      const found = interesting.exec(this.#masked);
      if (!found) break;
      this.#at = found.index + found[0].length;
      if (found[0] === '\n') {
        flush(found.index);
        this.#line++;
        [start, shared] = [this.#at, false];
      } else if (found[0] === '{') {
        depth++;
      } else if (found[0] === '}') {
        if (depth > 0) {
          depth--;
          continue;
        }
        if (opened === null) throw new Error(`Line ${this.#line}: this } closes nothing.`);
        shared = true;
        flush(found.index);
        return parts;
      } else {
        const indent = /^[ \t]*/.exec(this.#code.slice(this.#code.lastIndexOf('\n', found.index) + 1))?.[0] ?? '';
        shared = true;
        flush(found.index);
        parts.push(this.#directive(found.index, indent));
        start = this.#at;
      }
    }
    if (opened !== null) throw new Error(`Line ${opened}: the block of this #unroll is not closed; a } is missing.`);
    flush(this.#code.length);
    return parts;
  }

  #directive(start: number, indent: string): Block {
    const header = /#unroll[ \t]+([A-Za-z_]\w*)[ \t]+in[ \t]+([^{}\n]*?)\.\.([^{}\n]*?)[ \t]*\{/y;
    header.lastIndex = start;
    const found = header.exec(this.#masked);
    const line = this.#line;
    if (!found) {
      const given = this.#code.slice(start).split('\n', 1)[0]?.trim();
      throw new Error(`Line ${line}: got \`${given}\`, expected \`#unroll name in FROM..TO {\` on one line.`);
    }
    const [, variable = '', low = '', high = ''] = found;
    const [from, to] = [this.#bound(low), this.#bound(high)];
    if (to < from) throw new Error(`Line ${line}: #unroll ${variable} in ${low}..${high} runs backwards, ${from} to ${to}.`);
    this.#at = header.lastIndex;
    return { variable, from, to, line, body: reindent(this.#block(line), indent) };
  }

  #bound(expression: string): number {
    return evaluate(expression.trim(), this.#masked, this.#line, []);
  }
}

/** Integer arithmetic of a bound: `+ - * / ( )`, numbers, and constants that `code` declares. `/` truncates as in WGSL. */
function evaluate(expression: string, code: string, line: number, open: readonly string[]): number {
  const tokens = expression.match(/[A-Za-z_]\w*|\d\w*|\S/g) ?? [];
  let at = 0;
  const fail = (what: string): never => {
    throw new Error(`Line ${line}: bound \`${expression}\`: ${what}. Expected integers, constants in capitals, + - * / and brackets.`);
  };
  const atom = (): number => {
    const token = tokens[at++] ?? fail('it ends too early');
    if (token === '-') return -atom();
    if (token === '(') {
      const value = sum();
      if (tokens[at++] !== ')') fail('a bracket is not closed');
      return value;
    }
    if (/^\d+[ui]?$/.test(token)) return parseInt(token, 10);
    if (!/^[A-Z][A-Z0-9_]*$/.test(token)) return fail(`\`${token}\` is not a constant in capitals`);
    if (open.includes(token)) return fail(`${token} is declared by itself`);
    const [match, second] = code.matchAll(declaration(token));
    if (!match || second) return fail(`the shader declares ${second ? 'more than one' : 'no'} \`const ${token}\``);
    return evaluate((match[2] ?? '').trim(), code, line, [...open, token]);
  };
  const product = (): number => {
    let value = atom();
    while (tokens[at] === '*' || tokens[at] === '/') {
      const divide = tokens[at++] === '/';
      const right = atom();
      if (divide && right === 0) fail('it divides by zero');
      value = divide ? Math.trunc(value / right) : value * right;
    }
    return value;
  };
  const sum = (): number => {
    let value = product();
    while (tokens[at] === '+' || tokens[at] === '-') value += tokens[at++] === '-' ? -product() : product();
    return value;
  };
  const value = sum();
  if (at < tokens.length) fail(`\`${tokens[at]}\` is not expected`);
  return value;
}

/** Moves a block's lines to the column of its directive, so the result reads as if it had been written by hand. */
function reindent(parts: readonly Part[], indent: string): Part[] {
  const widths = (all: readonly Part[]): number[] => all.flatMap((part) =>
    'body' in part ? widths(part.body) : part.text.trim() === '' ? [] : [part.text.length - part.text.trimStart().length]);
  const common = Math.min(...widths(parts));
  const move = (part: Part): Part =>
    'body' in part ? { ...part, body: part.body.map(move) } : { ...part, text: part.text.trim() && indent + part.text.slice(common) };
  return parts.map(move);
}

function emit(parts: readonly Part[], values: ReadonlyMap<string, number>, lines: SourceLine[]): void {
  for (const part of parts) {
    if (!('body' in part)) {
      if (lines.length >= LINE_LIMIT) {
        throw new Error(`Line ${part.line}: the unrolled shader exceeds ${LINE_LIMIT} lines. Use smaller tile constants or a loop.`);
      }
      lines.push({ text: part.variables ? substitute(part, values) : part.text, line: part.line });
      continue;
    }
    if (values.has(part.variable)) throw new Error(`Line ${part.line}: #unroll ${part.variable} is inside another of the same name.`);
    if (part.body.length === 0) continue; // or an endless range would turn over nothing
    for (let value = part.from; value < part.to; value++) emit(part.body, new Map([...values, [part.variable, value]]), lines);
  }
}

/** `$m` ends where the variable's name ends: `acc_$m_$q` is `acc_3_2`. Of two names that fit, the longer one is meant. */
function substitute({ text, line }: SourceLine, values: ReadonlyMap<string, number>): string {
  const names = [...values.keys()].sort((a, b) => b.length - a.length);
  const code = maskComments(text);
  return text.replace(/\$(\w*)/g, (whole, rest: string, at: number) => {
    const name = names.find((candidate) => rest.startsWith(candidate));
    if (name !== undefined) return `${values.get(name)}${rest.slice(name.length)}`;
    if (code[at] !== '$') return whole;
    throw new Error(`Line ${line}: ${whole} is no variable of an enclosing #unroll (${names.join(', ') || 'there is none'}).`);
  });
}
