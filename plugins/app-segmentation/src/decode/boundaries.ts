import type { Slab } from '@zooid/tokenizers';

/** What is known of a place between two units before the model is asked. */
export const boundaryRule = {
  /** The model decides. */
  free: 0,
  /** A word ends here. */
  required: 1,
  /** No word ends here. */
  forbidden: 2,
  /** White space next to it ends words, unless an entry of a dictionary holds the space. */
  spaced: 3,
} as const;

/** Columns of the emissions. */
export const tags = { begin: 0, middle: 1, end: 2, single: 3 } as const;

const UNITS_PER_STEP = 16_384;

/**
 * The best legal sequence of B, M, E and S under the rules: constrained Viterbi, exact. A tag says of its unit whether a word
 * starts before and ends after it (B `10`, M `00`, E `01`, S `11`), so the legal sequences are just the ways to set
 * boundaries, and two states per boundary suffice: 4 additions per unit.
 *
 * @param emissions `count × 4` scores of B, M, E, S
 * @param rules `count + 1` of {@link boundaryRule}, by the place before each unit; those at both ends are boundaries anyway
 * @param slab memory for the answer, where texts are many and short.
 * @returns `count + 1` flags: 1 where a word starts or ends. Of equal sequences the one with fewer words.
 */
export function* decodeBoundaries(
  emissions: Float32Array,
  rules: Uint8Array,
  slab?: Slab,
): Generator<number, Uint8Array> {
  const count = rules.length - 1;
  const boundaries = slab?.uint8(count + 1) ?? new Uint8Array(count + 1);
  // Bit 0: what led to no boundary after the unit came from a boundary before it; bit 1: the same of a boundary.
  const from = boundaries;
  let closed = 0;
  let open = Number.NEGATIVE_INFINITY;
  for (let unit = 0; unit < count; unit++) {
    const at = 4 * unit;
    const begin = closed + emissions[at]!;
    const middle = open + emissions[at + 1]!;
    const end = open + emissions[at + 2]!;
    const single = closed + emissions[at + 3]!;
    const rule = unit === count - 1 ? boundaryRule.required : rules[unit + 1]!;
    open = Math.max(begin, middle);
    closed = Math.max(end, single);
    from[unit + 1] = (begin > middle ? 1 : 0) | (single > end ? 2 : 0);
    if (rule === boundaryRule.forbidden) closed = Number.NEGATIVE_INFINITY;
    else if (rule !== boundaryRule.free) open = Number.NEGATIVE_INFINITY;
    if ((unit + 1) % UNITS_PER_STEP === 0) yield UNITS_PER_STEP;
  }
  // Backwards, each place's note of where it came from is replaced by what was decided there.
  let isBoundary = 1;
  for (let unit = count - 1; unit >= 0; unit--) {
    const note = from[unit + 1]!;
    boundaries[unit + 1] = isBoundary;
    isBoundary = isBoundary === 1 ? note >> 1 : note & 1;
    if (unit % UNITS_PER_STEP === UNITS_PER_STEP - 1) yield UNITS_PER_STEP;
  }
  boundaries[0] = 1;
  return boundaries;
}
