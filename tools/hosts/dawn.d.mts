/** The words that Dawn is created with in Node; `UNFOLD_DAWN` replaces them. */
export function dawnWords(): string[];
