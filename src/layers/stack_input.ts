// What the first layer of a stack reads.
import type { Slice } from '../gpu/memory.ts';

/** Where the first layer's input comes from. */
export type StackInput =
  /** Numbers [T,N,I]. */
  | { readonly kind: 'dense'; readonly values: Slice }
  /** Tokens [T,N] of a one-hot alphabet: W_ih's columns are read, no one-hot array and no product exist. */
  | { readonly kind: 'one-hot'; readonly tokens: Slice; readonly vocabulary: number }
  /** Tokens [T,N] of an embedding [V,E]: rows of the table E·W_ihᵀ + b_ih [V,G*H] are read. */
  | { readonly kind: 'table'; readonly tokens: Slice; readonly vocabulary: number; readonly embedding: Slice };
