// Clipping of the gradient before the update.
import { shown } from '../checks/shown.ts';
import { finiteNumber } from '../checks/values.ts';

/** A number is a norm. By norm the gradient keeps its direction; by value each element is clamped on its own. */
export type Clip =
  | number
  /** The global gradient norm is scaled down to this where it is above; 0 leaves it. */
  | { readonly norm: number }
  /** Each element of the gradient is clamped into ± this; 0 leaves it. */
  | { readonly value: number };

/** Both bounds, 0 for the one that is not given. @throws RangeError for a bound that is negative or no number; TypeError for anything else. */
export function checkClip(clip: Clip): { readonly clipNorm: number; readonly clipValue: number } {
  if (typeof clip === 'number') return { clipNorm: finiteNumber(clip, 'gradientClip', { least: 0 }), clipValue: 0 };
  const keys = typeof clip === 'object' && clip !== null ? Object.keys(clip) : [];
  if (keys.length !== 1 || (keys[0] !== 'norm' && keys[0] !== 'value')) {
    throw new TypeError(`gradientClip must be a norm, such as 5 or { norm: 5 }, or { value: 1 }; ${shown(clip)} was given`);
  }
  if ('norm' in clip) return { clipNorm: finiteNumber(clip.norm, 'gradientClip.norm', { least: 0 }), clipValue: 0 };
  return { clipNorm: 0, clipValue: finiteNumber(clip.value, 'gradientClip.value', { least: 0 }) };
}
