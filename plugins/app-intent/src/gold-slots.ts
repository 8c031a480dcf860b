import type { HostTensor } from '@zooid/tensor';
import { CodePoints, type Encoding } from '@zooid/tokenizers';
import type { IntentExample } from './example.js';
import { positionsOf } from './featurizer.js';
import { type Place, placeOf } from './slot-labels.js';

/** An annotated slot on token positions, both ends inclusive. */
export interface PositionedSlot {
  readonly type: string;
  readonly first: number;
  readonly last: number;
}

const IGNORED = -100n;
const places: readonly Place[] = ['B', 'I', 'E', 'S'];

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
