// Tokens as the numbers that a recurrent layer reads.

/**
 * One-hot rows.
 * @param tokens [...] any shape.
 * @param size V; a token of V or more gives a row of zeros: nothing is read.
 * @returns [...,V]
 */
export function oneHot(tokens: ArrayLike<number>, size: number): Float32Array<ArrayBuffer> {
  const rows = new Float32Array(tokens.length * size);
  for (let i = 0; i < tokens.length; i++) if (tokens[i]! < size) rows[i * size + tokens[i]!] = 1;
  return rows;
}
