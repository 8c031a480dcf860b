import type { HostTensor } from '@zooid/tensor';
import { CodePoints, type Encoding } from '@zooid/tokenizers';
import type { IntentExample } from './example.js';
import { placeOf, places } from './slot-labels.js';

/** An annotated slot on token positions, both ends inclusive. */
export interface PositionedSlot {
  readonly type: string;
  readonly first: number;
  readonly last: number;
}

const IGNORED = -100n;

/** Annotated slots that truncation left, on the tokens they touch. */
export function positionGoldSlots({ text, slots }: IntentExample, encoding: Encoding): PositionedSlot[] {
  if (slots.length === 0) return [];
  const points = new CodePoints(text);
  return slots.flatMap(({ type, start, end }) => {
    const span = positionsOf({ start: points.toUtf16(start), end: points.toUtf16(end) }, encoding.offsets);
    return span === undefined ? [] : [{ type, ...span }];
  });
}

/**
 * Targets of the tagging loss, int64 `[rows, sequence]`: 0 outside slots, `1 + 4·type + place` inside, −100 on special
 * and padding positions.
 */
export function slotLabelTensor(
  rows: readonly { readonly encoding: Encoding; readonly goldSlots: readonly PositionedSlot[] }[],
  sequence: number,
  types: readonly string[],
): HostTensor<'int64'> {
  const data = new BigInt64Array(rows.length * sequence).fill(IGNORED);
  rows.forEach(({ encoding, goldSlots }, row) => {
    const base = row * sequence;
    encoding.specialMask.forEach((special, position) => {
      if (special === 0) data[base + position] = 0n;
    });
    for (const { type, first, last } of goldSlots) {
      const typeIndex = types.indexOf(type);
      for (let position = first; position <= last && typeIndex >= 0; position++) {
        data[base + position] = BigInt(1 + 4 * typeIndex + places.indexOf(placeOf(position, first, last)));
      }
    }
  });
  return { dtype: 'int64', dims: [rows.length, sequence], data };
}

/** The tokens a span touches; `undefined` when truncation left none. */
function positionsOf(
  span: { readonly start: number; readonly end: number },
  offsets: Int32Array,
): { first: number; last: number } | undefined {
  let first = -1;
  let last = -1;
  for (let token = 0; token * 2 < offsets.length; token++) {
    const start = offsets[2 * token]!;
    const end = offsets[2 * token + 1]!;
    if (end > span.start && start < span.end && end > start) {
      if (first < 0) first = token;
      last = token;
    }
  }
  return first < 0 ? undefined : { first, last };
}
