import type { Random } from '@zooid/tensor';
import { IGNORED } from '../labels.js';
import type { NoiseOptions } from '../options.js';

/** Units that are learned from, with their labels. */
export interface LabelledUnits {
  readonly ids: Int32Array;
  readonly cut: Int8Array;
  readonly punct: Int8Array;
}

/**
 * Puts pieces that have nothing to do with each other into one row, as many as are drawn and fit: what a speaker says without a
 * pause. Every piece is used once.
 */
export function joinAtRandom<Units extends LabelledUnits>(
  pieces: readonly Units[],
  { join, maxUnits }: { readonly join: number; readonly maxUnits: number },
  random: Random,
): LabelledUnits[] {
  const order = random.shuffle(Array.from(pieces));
  const rows: LabelledUnits[] = [];
  for (let i = 0; i < order.length; ) {
    const wanted = 1 + random.int(join);
    const group = [order[i++]!];
    let length = group[0]!.ids.length;
    while (group.length < wanted && i < order.length && length + order[i]!.ids.length <= maxUnits) {
      length += order[i]!.ids.length;
      group.push(order[i++]!);
    }
    rows.push(concatenated(group));
  }
  return rows;
}

function concatenated(pieces: readonly LabelledUnits[]): LabelledUnits {
  if (pieces.length === 1) return pieces[0]!;
  return {
    ids: Int32Array.from(pieces.flatMap(({ ids }) => Array.from(ids))),
    cut: Int8Array.from(pieces.flatMap(({ cut }) => Array.from(cut))),
    punct: Int8Array.from(pieces.flatMap(({ punct }) => Array.from(punct))),
  };
}

/**
 * A row as a recogniser may give it: broken off, with characters left out and others in their place. A boundary or mark after a
 * character that is left out moves to the one before it.
 *
 * @param pool characters to put in the place of others, as frequent as they are
 */
export function withNoise(row: LabelledUnits, pool: Int32Array, noise: NoiseOptions, random: Random): LabelledUnits {
  const { swap, drop, breakOff } = noise;
  const { length } = row.ids;
  const end = length > 1 && random.bernoulli(breakOff) ? 1 + random.int(length - 1) : length;
  const ids: number[] = [];
  const cut: number[] = [];
  const punct: number[] = [];
  for (let i = 0; i < end; i++) {
    const last = ids.length - 1;
    if (drop > 0 && last >= 0 && random.bernoulli(drop)) {
      cut[last] = strongest(cut[last]!, row.cut[i]!);
      punct[last] = strongest(punct[last]!, row.punct[i]!);
      continue;
    }
    ids.push(swap > 0 && random.bernoulli(swap) ? pool[random.int(pool.length)]! : row.ids[i]!);
    cut.push(row.cut[i]!);
    punct.push(row.punct[i]!);
  }
  return { ids: Int32Array.from(ids), cut: Int8Array.from(cut), punct: Int8Array.from(punct) };
}

/** What is known to be there beats none, and none what nobody knows. */
const strongest = (kept: number, dropped: number): number => (kept > 0 || dropped === IGNORED ? kept : dropped);
