/** Ways in which the vectors of tokens become one; the last three come from model folders only. */
export type Pooling = 'mean' | 'cls' | 'max' | 'mean_sqrt_len' | 'weightedmean' | 'lasttoken';

/** The states of one text: `length` rows of `width` numbers, padding left out. */
export interface TokenStates {
  readonly data: Float32Array;
  readonly length: number;
  readonly width: number;
}

/**
 * One vector of a text's token states.
 *
 * @see Reimers and Gurevych 2019, "Sentence-BERT", §3; the weights 1, 2, … of `weightedmean` are those of Muennighoff 2022,
 * "SGPT"
 */
export function pool(states: TokenStates, pooling: Pooling): Float32Array {
  const { length } = states;
  switch (pooling) {
    case 'cls':
      return rowOf(states, 0).slice();
    case 'lasttoken':
      return rowOf(states, length - 1).slice();
    case 'max':
      return reduceRows(states, Number.NEGATIVE_INFINITY, (a, b) => Math.max(a, b));
    case 'mean':
      return weightedSum(states, () => 1 / length);
    case 'mean_sqrt_len':
      return weightedSum(states, () => 1 / Math.sqrt(length));
    case 'weightedmean':
      return weightedSum(states, (row) => (2 * (row + 1)) / (length * (length + 1)));
  }
}

/** One vector per token. */
export function rowsOf(states: TokenStates): Float32Array[] {
  return Array.from({ length: states.length }, (_, row) => rowOf(states, row));
}

/** Scaled to Euclidean length 1; a vector of zeros stays one. */
export function unitVector(vector: Float32Array): Float32Array {
  const length = Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0));
  return length === 0 ? vector : vector.map((x) => x / length);
}

const rowOf = ({ data, width }: TokenStates, row: number): Float32Array =>
  data.subarray(row * width, (row + 1) * width);

/** Sums in double precision, so that long texts lose nothing. */
function weightedSum(states: TokenStates, weight: (row: number) => number): Float32Array {
  const sums = new Float64Array(states.width);
  for (let row = 0; row < states.length; row++) {
    const share = weight(row);
    const values = rowOf(states, row);
    for (let i = 0; i < sums.length; i++) sums[i]! += share * values[i]!;
  }
  return Float32Array.from(sums);
}

function reduceRows(states: TokenStates, start: number, combine: (a: number, b: number) => number): Float32Array {
  const result = new Float32Array(states.width).fill(start);
  for (const values of rowsOf(states)) {
    for (let i = 0; i < result.length; i++) result[i] = combine(result[i]!, values[i]!);
  }
  return result;
}
