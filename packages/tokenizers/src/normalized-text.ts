import { CodePoints } from './code-points.js';

/**
 * A text after normalisation, with the way back: any `[start, end)` of `text` maps to the stretch of `original` it
 * came from. All places are UTF-16 indices; `originalCodePoints` turns those of the original into code points.
 */
export class NormalizedText {
  #codePoints: CodePoints | undefined;

  /**
   * @param starts For every UTF-16 unit of `text`, where the original character it came from starts; absent when
   * every unit stands where it stood.
   * @param ends Likewise, where it ends.
   */
  constructor(
    readonly original: string,
    readonly text: string,
    private readonly starts?: Int32Array,
    private readonly ends?: Int32Array,
  ) {}

  /** Code points of the original; built when first read. */
  get originalCodePoints(): CodePoints {
    this.#codePoints ??= new CodePoints(this.original);
    return this.#codePoints;
  }

  /** Where the original of the normalised unit `index` starts. */
  originalStart(index: number): number {
    return this.starts === undefined ? index : this.starts[index]!;
  }

  /** Where the original of the normalised stretch that ends before `end` (at least 1) ends. */
  originalEnd(end: number): number {
    return this.ends === undefined ? end : this.ends[end - 1]!;
  }
}

export interface NormalizeOptions {
  /** Default true. `ς` becomes `σ`, so that a word matches in upper and lower case. */
  readonly lowercase?: boolean;
  /** Replacements of single characters after everything else, such as a traditional → simplified table. */
  readonly characterMap?: ReadonlyMap<string, string>;
  /** Characters to leave out, asked after `characterMap`; see `isSpaceOrPunctuation`. */
  readonly drop?: (character: string) => boolean;
}

const spaceOrPunctuation = /^[\p{White_Space}\p{P}]$/u;

export function isSpaceOrPunctuation(character: string): boolean {
  return spaceOrPunctuation.test(character);
}

/**
 * Unicode's stream-safe limit (UAX #15 §13): no natural text has more marks on one character, and sorting them takes
 * time quadratic in their number.
 */
const maxSegment = 32;

const hangulJamo = (codePoint: number) => codePoint >= 0x1160 && codePoint <= 0x11ff;
const mark = /^\p{M}/u;

/**
 * A normaliser for lexicons and the texts they are matched against: NFKC (which also turns full width into half
 * width), lower case, then the replacements and removals asked for. Linear in the text; keeps what it learns about
 * characters, so make one and use it often.
 */
export function createTextNormalizer(options: NormalizeOptions = {}): (text: string) => NormalizedText {
  const { lowercase = true, characterMap, drop } = options;
  const singles = new Map<number, string>();
  const extenders = new Map<number, boolean>();
  // Ideographs and kana are stable under NFKC and have no case: without a table there is nothing to look up.
  const isPlain =
    characterMap === undefined && drop === undefined
      ? (unit: number) => (unit >= 0x4e00 && unit <= 0x9fff) || (unit >= 0x61 && unit <= 0x7a) || unit === 0x20
      : () => false;

  const normalizeSegment = (segment: string): string => {
    let text = segment.normalize('NFKC');
    // Lower case can decompose (İ), hence NFKC again.
    if (lowercase) text = text.toLowerCase().replaceAll('ς', 'σ').normalize('NFKC');
    if (characterMap === undefined && drop === undefined) return text;
    let result = '';
    for (const character of text) {
      const mapped = characterMap?.get(character) ?? character;
      if (drop === undefined || !drop(mapped)) result += mapped;
    }
    return result;
  };
  const normalizeSingle = (codePoint: number): string => {
    let result = singles.get(codePoint);
    if (result === undefined) {
      result = normalizeSegment(String.fromCodePoint(codePoint));
      singles.set(codePoint, result);
    }
    return result;
  };
  /** Whether a character may combine with the one before it. */
  const extendsPrevious = (codePoint: number): boolean => {
    if (codePoint < 0x300 || (codePoint >= 0x3400 && codePoint <= 0x9fff)) return false;
    let result = extenders.get(codePoint);
    if (result === undefined) {
      const decomposed = String.fromCodePoint(codePoint).normalize('NFKD');
      result = mark.test(decomposed) || hangulJamo(decomposed.codePointAt(0)!);
      extenders.set(codePoint, result);
    }
    return result;
  };

  return (text) => {
    const out = new AlignedOutput(text);
    for (let i = 0; i < text.length; ) {
      const unit = text.charCodeAt(i);
      const next = i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
      if (isPlain(unit) && (next < 0x300 || isPlain(next))) {
        i++;
        continue;
      }
      const codePoint = text.codePointAt(i)!;
      let end = i + (codePoint > 0xffff ? 2 : 1);
      const first = end;
      for (let count = 1; end < text.length && count < maxSegment; count++) {
        const following = text.codePointAt(end)!;
        if (!extendsPrevious(following)) break;
        end += following > 0xffff ? 2 : 1;
      }
      out.replace(i, end, end === first ? normalizeSingle(codePoint) : normalizeSegment(text.slice(i, end)));
      i = end;
    }
    return out.finish();
  };
}

/** `createTextNormalizer` for one text. */
export function normalizeText(text: string, options?: NormalizeOptions): NormalizedText {
  return createTextNormalizer(options)(text);
}

/** Copies a text with replacements, and keeps the alignment once one of them changes a length. */
class AlignedOutput {
  #parts = '';
  /** How much of the text is in the output. */
  #done = 0;
  #length = 0;
  #starts: Int32Array | undefined;
  #ends: Int32Array | undefined;

  constructor(readonly text: string) {}

  replace(from: number, to: number, replacement: string): void {
    if (replacement.length === to - from && this.text.startsWith(replacement, from)) return;
    this.#copy(from);
    // Equal lengths keep their places only for a single unit, or a pair that stays a pair.
    const isInPlace = replacement.length === to - from && (to - from === 1 || isPair(replacement));
    if (!isInPlace && this.#starts === undefined) this.#startAlignment();
    if (this.#starts !== undefined) {
      this.#reserve(replacement.length);
      this.#starts.fill(from, this.#length, this.#length + replacement.length);
      this.#ends!.fill(to, this.#length, this.#length + replacement.length);
    }
    this.#parts += replacement;
    this.#length += replacement.length;
    this.#done = to;
  }

  finish(): NormalizedText {
    if (this.#done === 0) return new NormalizedText(this.text, this.text);
    this.#copy(this.text.length);
    return new NormalizedText(
      this.text,
      this.#parts,
      this.#starts?.slice(0, this.#length),
      this.#ends?.slice(0, this.#length),
    );
  }

  #copy(to: number): void {
    const from = this.#done;
    if (from === to) return;
    if (this.#starts !== undefined) {
      this.#reserve(to - from);
      this.#alignIdentity(from, to, this.#length);
    }
    this.#parts += this.text.slice(from, to);
    this.#length += to - from;
    this.#done = to;
  }

  #startAlignment(): void {
    this.#starts = new Int32Array(this.text.length + 16);
    this.#ends = new Int32Array(this.text.length + 16);
    this.#alignIdentity(0, this.#length, 0);
  }

  /** Every unit of `text[from, to)` to itself, both halves of a pair to the pair. */
  #alignIdentity(from: number, to: number, at: number): void {
    for (let i = from; i < to; i++, at++) {
      const unit = this.text.charCodeAt(i);
      this.#starts![at] = (unit & 0xfc00) === 0xdc00 && i > from ? i - 1 : i;
      this.#ends![at] = (unit & 0xfc00) === 0xd800 && i + 1 < to ? i + 2 : i + 1;
    }
  }

  #reserve(extra: number): void {
    const needed = this.#length + extra;
    if (needed <= this.#starts!.length) return;
    const capacity = Math.max(needed, this.#starts!.length * 2);
    const grow = (old: Int32Array) => {
      const array = new Int32Array(capacity);
      array.set(old);
      return array;
    };
    this.#starts = grow(this.#starts!);
    this.#ends = grow(this.#ends!);
  }
}

function isPair(text: string): boolean {
  return text.length === 2 && text.codePointAt(0)! > 0xffff;
}
