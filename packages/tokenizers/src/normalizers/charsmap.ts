import { TokenizerError } from '../errors.js';

/** Bytes of the longest key that is looked for; those of SentencePiece's own tables have at most 36. */
const maxKeyBytes = 256;
const headerBytes = 4;

/**
 * SentencePiece's compiled table of replacements: a double-array trie over UTF-8 bytes, whose values point into a block
 * of zero-terminated strings.
 *
 * @see sentencepiece `normalizer.cc`; Yata 2008, Darts-clone, for the units of the trie
 */
export class Charsmap {
  readonly #units: Uint32Array;
  readonly #strings: Uint8Array;
  readonly #decoder = new TextDecoder('utf-8', { fatal: true });
  readonly #replacements = new Map<number, string>();

  /** @throws TokenizerError when the lengths in it contradict each other. */
  constructor(
    readonly bytes: Uint8Array,
    readonly part: string,
  ) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const trieBytes = bytes.length < headerBytes ? 0 : view.getUint32(0, true);
    if (trieBytes === 0 || trieBytes % 4 !== 0 || trieBytes > bytes.length - headerBytes) {
      throw new TokenizerError(
        part,
        `expected a trie and strings, found ${bytes.length} bytes of which the trie takes ${trieBytes}; the file is damaged`,
      );
    }
    this.#units = Uint32Array.from({ length: trieBytes / 4 }, (_, i) => view.getUint32(headerBytes + 4 * i, true));
    this.#strings = bytes.subarray(headerBytes + trieBytes);
  }

  /**
   * The longest key that `utf8[from, to)` begins with.
   *
   * @returns its length in bytes and its replacement, or `undefined`
   * @throws TokenizerError when the table points outside of itself.
   */
  match(utf8: Uint8Array, from: number, to: number): { length: number; replacement: string } | undefined {
    const units = this.#units;
    const last = Math.min(to, from + maxKeyBytes);
    let at = offsetOf(units[0]!);
    let found = -1;
    let length = 0;
    for (let i = from; i < last; i++) {
      const byte = utf8[i]!;
      at = (at ^ byte) >>> 0;
      const unit = units[at];
      // A label is the byte itself; the top bit marks values, which no byte equals.
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== byte) break;
      at = (at ^ offsetOf(unit)) >>> 0;
      if (((unit >>> 8) & 1) === 0) continue;
      const leaf = units[at];
      if (leaf === undefined) throw this.#damaged();
      found = leaf & 0x7fffffff;
      length = i + 1 - from;
    }
    return found === -1 ? undefined : { length, replacement: this.#replacementAt(found) };
  }

  /** Whether a key begins with `utf8[0, length)` or is part of it. */
  hasPrefix(utf8: Uint8Array, length: number): boolean {
    let at = offsetOf(this.#units[0]!);
    for (let i = 0; i < length; i++) {
      at = (at ^ utf8[i]!) >>> 0;
      const unit = this.#units[at];
      if (unit === undefined || (unit & 0x800000ff) >>> 0 !== utf8[i]) return false;
      at = (at ^ offsetOf(unit)) >>> 0;
    }
    return true;
  }

  #replacementAt(start: number): string {
    let replacement = this.#replacements.get(start);
    if (replacement === undefined) {
      const end = start < this.#strings.length ? this.#strings.indexOf(0, start) : -1;
      if (end === -1) throw this.#damaged();
      try {
        replacement = this.#decoder.decode(this.#strings.subarray(start, end));
      } catch (cause) {
        throw this.#damaged(cause);
      }
      this.#replacements.set(start, replacement);
    }
    return replacement;
  }

  #damaged(cause?: unknown): TokenizerError {
    return new TokenizerError(this.part, 'the table of replacements points outside of itself; the file is damaged', {
      cause,
    });
  }
}

function offsetOf(unit: number): number {
  return ((unit >>> 10) << ((unit & 0x200) >>> 6)) >>> 0;
}
