// How an error message shows a value that was given: short, and without failing on any value.

/** Characters of a value that a message shows. */
const SHOWN = 120;

/** Text for a message, cut short where it is long. */
export function clip(text: string, most = SHOWN): string {
  return text.length <= most ? text : `${text.slice(0, most)}…`;
}

/** Any value, as a message shows it. Of a long string or list the beginning is enough. */
export function shown(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return clip(JSON.stringify(value.slice(0, SHOWN + 1)));
    case 'bigint':
      return `the BigInt ${clip(String(value))}`;
    case 'function':
      return 'a function';
    case 'object':
      return value === null ? 'null' : shownObject(value);
    default:
      return String(value);
  }
}

function shownObject(value: object): string {
  const { constructor: made } = Object(value) as { constructor?: unknown };
  const name = typeof made === 'function' && made.name !== '' && made.name !== 'Object' ? made.name : null;
  if (Array.isArray(value) || ArrayBuffer.isView(value)) return `${name ?? 'a list'} of ${(value as unknown as ArrayLike<unknown>).length ?? 'bytes'}`;
  return name === null ? clip(`an object with ${Object.keys(value).join(', ') || 'no fields'}`) : `a value of ${clip(name)}`;
}
