// When the sizes of a pointwise kernel or a sum are worth a pipeline of their own.
import type { Recording } from '../gpu/recording.ts';

/** What moving one element costs, in multiply-adds. */
const ELEMENT_WORK = 8;

/** `params` to fold into a kernel that moves so many elements, where they are many. */
export const foldedFor = <P extends string>(recording: Recording, elements: number, params: readonly P[]): readonly P[] =>
  (elements * ELEMENT_WORK >= recording.specializeAbove ? params : []);
