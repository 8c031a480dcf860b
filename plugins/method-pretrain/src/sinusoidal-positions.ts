import type { DeclaredParameter } from '@zooid/nn';
import type { HostTensor } from '@zooid/tensor';

/** The position table of a BERT encoder. */
const positionTable = 'bert.embeddings.position_embeddings.weight';

/**
 * Starting values of the position table: the sinusoids of Vaswani et al. 2017, §3.5, scaled to the deviation `std` that
 * all other tables start with. They are learned like any other value from there.
 *
 * Drawn at random, the rows of the table have nothing to do with one another, and "the token before" has to be learned
 * for every place anew. Of sinusoids, one linear map gives the neighbour at every place.
 */
export function sinusoidalPositions(
  declared: readonly DeclaredParameter[],
  std: number,
): ReadonlyMap<string, HostTensor<'float32'>> {
  const table = declared.find(({ name }) => name === positionTable);
  if (table === undefined) return new Map();
  const [rows, width] = table.shape as readonly [number, number];
  const data = new Float32Array(rows * width);
  const amplitude = std * Math.SQRT2; // a sine of amplitude a has the deviation a / √2
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < width; i++) {
      const angle = row / 10_000 ** ((i - (i % 2)) / width);
      data[row * width + i] = amplitude * (i % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
    }
  }
  return new Map([[positionTable, { dtype: 'float32', dims: [rows, width], data }]]);
}
