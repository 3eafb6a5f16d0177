// The activations of a case, in any of the spellings that are about: the format's, ONNX's and WebNN's.
import type { Activation } from '../../src/cells/activation.ts';
import { Unsupported } from './words.ts';

export type Role = 'gate' | 'candidate' | 'output';
export type Activations = Readonly<Partial<Record<Role, Activation>>>;

/** Roles in the order of ONNX's f, g and h. */
const ROLES: Readonly<Record<'rnn' | 'gru' | 'lstm', readonly Role[]>> = {
  rnn: ['candidate'], gru: ['gate', 'candidate'], lstm: ['gate', 'candidate', 'output'],
};

/** ONNX's alpha and beta where none are given. */
const DEFAULTS = { hardsigmoid: [0.2, 0.5], affine: [1, 0] } as const;

/**
 * By role, `{gate: 'sigmoid', candidate: {affine: [1, 0.5]}}`, or a list as ONNX has it, which may name each direction's.
 * @throws Unsupported for an activation that the engine has not got
 */
export function activationsOf(given: unknown, cell: string): Activations | null {
  if (given === undefined || given === null) return null;
  if (typeof given !== 'object') throw new Unsupported(`activations ${JSON.stringify(given)}`);
  if (!Array.isArray(given)) {
    const entries = Object.entries(given).filter(([, value]) => value !== null);
    const stranger = entries.find(([role]) => !['gate', 'candidate', 'output'].includes(role));
    if (stranger) throw new Unsupported(`activation of ${JSON.stringify(stranger[0])}`);
    return Object.fromEntries(entries.map(([role, value]) => [role, activationOf(value)]));
  }
  const roles = ROLES[cell.startsWith('rnn') ? 'rnn' : cell as 'gru' | 'lstm'];
  const all = given.map(activationOf);
  const [first, second] = [all.slice(0, roles.length), all.slice(roles.length)];
  if (first.length !== roles.length || (second.length > 0 && JSON.stringify(first) !== JSON.stringify(second))) {
    throw new Unsupported(`activations ${JSON.stringify(given)} of the cell ${cell}: ${roles.length} are needed, the same in both directions`);
  }
  return Object.fromEntries(roles.map((role, k) => [role, first[k]!]));
}

/** 'sigmoid', 'HardSigmoid', {affine: [a, b]}, {hardSigmoid: {alpha, beta}} or {name: 'HardSigmoid', alpha, beta}. */
function activationOf(given: unknown): Activation {
  const unknown = (): never => { throw new Unsupported(`activation ${JSON.stringify(given)}`); };
  if (typeof given === 'string') return named(given, undefined, undefined) ?? unknown();
  if (typeof given !== 'object' || given === null) return unknown();
  const { name, type, alpha, beta } = given as { name?: unknown; type?: unknown; alpha?: unknown; beta?: unknown };
  const own = name ?? type;
  if (typeof own === 'string') return named(own, alpha, beta) ?? unknown();
  const [kind, values] = Object.entries(given)[0] ?? ['', null];
  const [a, b] = Array.isArray(values) ? values : [(values as typeof given & { alpha?: unknown })?.alpha, (values as { beta?: unknown })?.beta];
  return named(kind, a, b) ?? unknown();
}

function named(name: string, alpha: unknown, beta: unknown): Activation | null {
  const key = name.toLowerCase().replace(/[-_ ]/g, '');
  if (key === 'sigmoid' || key === 'tanh' || key === 'relu') return key;
  if (key === 'linear' || key === 'identity') return { affine: [1, 0] };
  if (key !== 'affine' && key !== 'hardsigmoid') return null;
  const [a, b] = [alpha ?? DEFAULTS[key][0], beta ?? DEFAULTS[key][1]];
  if (typeof a !== 'number' || typeof b !== 'number') return null;
  return key === 'affine' ? { affine: [a, b] } : { hardSigmoid: [a, b] };
}
