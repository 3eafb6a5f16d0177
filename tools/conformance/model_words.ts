// What a training case's model says of its table of embeddings and its head, which their weights say too: the two must agree.
import { brief, refuseUnknown } from './fields.ts';
import { MalformedCase, type Tensor } from './tensor.ts';
import { objectOf, Unsupported, type Options } from './words.ts';

export const TABLE_FIELDS = ['embed', 'embedding'] as const;
export const HEAD_FIELDS = ['head', 'headBias'] as const;

/** A weight by its name in the file. */
interface Named {
  readonly name: string;
  readonly tensor: Tensor;
}

/**
 * `embed` is the width of the table, or a word, or an object with both.
 * @param path of the object that has `fields`
 * @param table that the network's tokens go through; null where they are one-hot
 * @param input I of the network
 * @throws Unsupported for another way from tokens to numbers
 * @throws MalformedCase where the weights are not so
 */
export function checkTable(path: string, fields: Options, table: Named | null, input: number): void {
  for (const name of TABLE_FIELDS) {
    const given = fields[name];
    const inside = objectOf(given);
    if (inside) refuseUnknown(`${path}.${name}`, inside, ['type', 'kind', 'size', 'dim', 'width']);
    const said = inside ? ['type', 'kind', 'size', 'dim', 'width'].map((each) => ({ where: `${path}.${name}.${each}`, value: inside[each] })) : [{ where: `${path}.${name}`, value: given }];
    for (const { where, value } of said) checkWord(where, value, table, input);
  }
}

function checkWord(where: string, value: unknown, table: Named | null, input: number): void {
  if (value === undefined || value === null || value === table?.name) return;
  const word = typeof value === 'string' ? value.toLowerCase().replace(/[^a-z]/g, '') : value;
  const missing = `${where} is ${brief(value)}, but there is no weight with emb in its name; give the table`;
  if (word === false || word === 0 || word === 'onehot' || word === 'none') {
    if (table) throw new MalformedCase(`${where} is ${brief(value)}, but weights.${table.name} is a table; leave one out`);
  } else if (typeof word === 'number') {
    // One-hot rows are as wide as the network's input.
    if (!table && word !== input) throw new MalformedCase(`${missing} [V,${word}]`);
    if (table && table.tensor.shape[1] !== word) throw new MalformedCase(`${where} is ${word}, but weights.${table.name} has shape [${table.tensor.shape}]`);
  } else if (word === true || ['table', 'lookup', 'learned', 'embedding'].includes(word as string)) {
    if (!table) throw new MalformedCase(missing);
  } else {
    throw new Unsupported(`${where} ${brief(value)}`);
  }
}

/**
 * The head is linear; `head` may say so in a word or in an object.
 * @throws Unsupported for another one
 * @throws MalformedCase where it is said to have no bias, but has
 */
export function checkHead(model: Options, bias: Named | null): void {
  const inside = objectOf(model.head);
  const type = inside ? inside.type ?? inside.kind : model.head;
  if (inside) refuseUnknown('model.head', inside, ['type', 'kind', 'bias']);
  if (type !== undefined && type !== true && !['linear', 'dense', 'softmax'].includes(String(type).toLowerCase())) throw new Unsupported(`head ${brief(type)}`);
  for (const [where, value] of [['model.head.bias', inside?.bias], ['model.headBias', model.headBias]] as const) {
    if (value === undefined || value === true || value === 1) continue;
    if (value !== false && value !== 0) throw new Unsupported(`${where} ${brief(value)}`);
    if (bias) throw new MalformedCase(`${where} is ${brief(value)}, but there is a weight ${bias.name}; leave one out`);
  }
}
