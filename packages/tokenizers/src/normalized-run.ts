import { type BertCharacters, characterClass, normalizedKind } from './bert-characters.js';

const blank = 0x20;

/**
 * A stretch of text after BERT's normalisation: code points, and for each the UTF-16 `[start, end)` of the original
 * character it came from. The slow path; it is linear in the text whatever the text holds.
 */
export class NormalizedRun {
  characters = new Int32Array(64);
  starts = new Int32Array(64);
  ends = new Int32Array(64);
  length = 0;

  constructor(readonly table: BertCharacters) {}

  fill(text: string, from: number, to: number): void {
    this.length = 0;
    if (this.characters.length > 1 << 20) this.#resize(64);
    for (let i = from; i < to; ) {
      const codePoint = text.codePointAt(i)!;
      const end = i + (codePoint > 0xffff ? 2 : 1);
      switch (this.table.classify(codePoint)) {
        case characterClass.word:
          this.#push(this.table.mapped[codePoint]!, i, end);
          break;
        case characterClass.chinese:
          this.#push(blank, i, end);
          this.#push(codePoint, i, end);
          this.#push(blank, i, end);
          break;
        case characterClass.punctuation:
          this.#push(codePoint, i, end);
          break;
        case characterClass.space:
          this.#push(this.table.normalization.cleanText ? blank : codePoint, i, end);
          break;
        case characterClass.expanding:
          for (const character of this.table.expand(codePoint, text, i)) this.#push(character, i, end);
          break;
      }
      i = end;
    }
  }

  /** Calls `visit` with every word in `[from, to)`, as the pre-tokeniser splits: at white space, around punctuation. */
  forEachWord(from: number, to: number, visit: (from: number, to: number, hasSpacingMark: boolean) => void): void {
    let start = from;
    let hasSpacingMark = false;
    for (let i = from; i < to; i++) {
      const kind = this.table.kind(this.characters[i]!);
      if (kind === normalizedKind.spacingMark) hasSpacingMark = true;
      if (kind !== normalizedKind.space && kind !== normalizedKind.punctuation) continue;
      if (start < i) visit(start, i, hasSpacingMark);
      if (kind === normalizedKind.punctuation) visit(i, i + 1, false);
      start = i + 1;
      hasSpacingMark = false;
    }
    if (start < to) visit(start, to, hasSpacingMark);
  }

  /**
   * Canonical order for the marks of a word that NFD leaves: characters are decomposed one at a time, so what is left
   * to do is sort combining marks, and only spacing ones are still there. Places in the original are not sorted with
   * them: offsets stay monotone, and the marks of one base stand together anyway.
   */
  reorder(from: number, to: number): void {
    let text = '';
    for (let i = from; i < to; i++) text += String.fromCodePoint(this.characters[i]!);
    const ordered = text.normalize('NFD');
    if (ordered === text) return;
    let i = from;
    for (const character of ordered) this.characters[i++] = character.codePointAt(0)!;
  }

  #push(character: number, start: number, end: number): void {
    const at = this.length;
    if (at === this.characters.length) this.#resize(at * 2);
    this.characters[at] = character;
    this.starts[at] = start;
    this.ends[at] = end;
    this.length = at + 1;
  }

  #resize(capacity: number): void {
    const resize = (old: Int32Array) => {
      const array = new Int32Array(capacity);
      array.set(old.subarray(0, Math.min(this.length, capacity)));
      return array;
    };
    this.characters = resize(this.characters);
    this.starts = resize(this.starts);
    this.ends = resize(this.ends);
  }
}
