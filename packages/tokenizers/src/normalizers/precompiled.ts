import { AlignedBuilder } from '../aligned-text.js';
import { Charsmap } from './charsmap.js';
import type { Normalizer } from './normalizer.js';

const maxCodePoint = 0x10ffff;
const keyState = { unseen: 0, never: 1, starts: 2 } as const;
/** UTF-16 units that are looked at for one key. */
const window = 64;

/**
 * SentencePiece's normalisation by table (`nmt_nfkc` and its like): at each place the longest key of the table is
 * replaced, as SentencePiece does it. Hugging Face's Rust code looks at clusters of characters and takes the shortest
 * key, which differs in rare sequences of marks.
 */
export function precompiledNormalizer(charsmap: Charsmap): Normalizer {
  const encoder = new TextEncoder();
  const utf8 = new Uint8Array(window * 3);
  /** By code point: whether a key could start with it. */
  const states = new Uint8Array(maxCodePoint + 1);
  const charactersOfKeys = new Uint8Array(4);

  const startsKey = (codePoint: number): boolean => {
    if (states[codePoint] === keyState.unseen) {
      const { written } = encoder.encodeInto(String.fromCodePoint(codePoint), charactersOfKeys);
      states[codePoint] = charsmap.hasPrefix(charactersOfKeys, written) ? keyState.starts : keyState.never;
    }
    return states[codePoint] === keyState.starts;
  };
  return {
    json: {
      type: 'Precompiled',
      precompiled_charsmap: Buffer.from(charsmap.bytes).toString('base64'),
    } as Normalizer['json'],
    apply(source) {
      const { text } = source;
      const out = new AlignedBuilder(source);
      for (let i = 0; i < text.length; ) {
        const codePoint = text.codePointAt(i)!;
        const next = i + (codePoint > 0xffff ? 2 : 1);
        if (!startsKey(codePoint)) {
          i = next;
          continue;
        }
        let windowEnd = Math.min(text.length, i + window);
        if ((text.charCodeAt(windowEnd - 1) & 0xfc00) === 0xd800) windowEnd--;
        const { written } = encoder.encodeInto(text.slice(i, windowEnd), utf8);
        const match = charsmap.match(utf8, 0, written);
        if (match === undefined) {
          i = next;
          continue;
        }
        const end = endOfBytes(text, i, match.length);
        out.replace(i, end, match.replacement);
        i = end;
      }
      return out.finish();
    },
  };
}

/** Where the character ends that holds the last of `bytes` UTF-8 bytes from `at` on. */
function endOfBytes(text: string, at: number, bytes: number): number {
  let i = at;
  for (let left = bytes; left > 0 && i < text.length; ) {
    const codePoint = text.codePointAt(i)!;
    left -= codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint > 0xffff ? 4 : 3;
    i += codePoint > 0xffff ? 2 : 1;
  }
  return i;
}
