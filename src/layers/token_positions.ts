// Where each token occurs: the rows that the gradient of one table row is summed over, always in the same order.

export interface TableRows {
  /** [V+1] token v occurs at positions[starts[v]] up to, not including, positions[starts[v+1]]. */
  readonly starts: Uint32Array;
  /** [tokens.length] positions in `tokens`, by token, rising within each. */
  readonly positions: Uint32Array;
}

/**
 * Group the positions of `tokens` by token: a stable counting sort, O(tokens + V).
 * @param into arrays to fill, so that a training step allocates nothing: starts [V+1], positions [tokens.length].
 * @throws RangeError for a token of V or more, or for arrays of another length.
 */
export function positionsByToken(tokens: Uint32Array, V: number, into?: TableRows): TableRows {
  const starts = into?.starts ?? new Uint32Array(V + 1);
  const positions = into?.positions ?? new Uint32Array(tokens.length);
  if (starts.length !== V + 1) throw new RangeError(`starts has ${starts.length} elements; [V+1] needs ${V + 1}`);
  if (positions.length !== tokens.length) {
    throw new RangeError(`positions has ${positions.length} elements; it needs one a token: ${tokens.length}`);
  }
  starts.fill(0);
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token >= V) throw new RangeError(`token ${token} at position ${i} is outside the vocabulary; tokens go from 0 to ${V - 1}`);
    starts[token + 1]!++;
  }
  for (let v = 0; v < V; v++) starts[v + 1]! += starts[v]!;
  // Placing moves each start to its row's end, which is the next row's start: shift them back by one.
  for (let i = 0; i < tokens.length; i++) positions[starts[tokens[i]!]!++] = i;
  starts.copyWithin(1, 0, V);
  starts[0] = 0;
  return { starts, positions };
}
