import type { Tokenizer } from '../tokenizer.js';
import type { Units } from './units.js';

/** Of a longer word so many UTF-16 units decide on its token. */
const SIGNIFICANT = 24;
/** Words remembered; Latin words and numbers repeat, but there is no end of them. */
const REMEMBERED = 10_000;
const UNSEEN = -1;

/** One vocabulary row per unit: a character's token, or the first piece of a Latin word or a number. */
export class UnitTokens {
  private readonly ofCharacter = new Int32Array(0x10000).fill(UNSEEN);
  private readonly ofWord = new Map<string, number>();

  constructor(private readonly tokenizer: Tokenizer) {}

  at({ text, starts }: Units, unit: number): number {
    const start = starts[unit]!;
    const end = starts[unit + 1]!;
    if (end - start > 1) return this.word(text.slice(start, Math.min(end, start + SIGNIFICANT)));
    const character = text.charCodeAt(start);
    let id = this.ofCharacter[character]!;
    if (id === UNSEEN) {
      id = this.firstToken(text[start]!);
      this.ofCharacter[character] = id;
    }
    return id;
  }

  private word(word: string): number {
    let id = this.ofWord.get(word);
    if (id === undefined) {
      if (this.ofWord.size >= REMEMBERED) this.ofWord.clear();
      // The cut may have halved a surrogate pair.
      id = this.firstToken(word.replace(/[\ud800-\udbff]$/, ''));
      this.ofWord.set(word, id);
    }
    return id;
  }

  private firstToken(word: string): number {
    // Texts come from strangers: '[SEP]' in one is no separator.
    const { ids } = this.tokenizer.encode(word, { addSpecialTokens: false, parseSpecialTokens: false });
    return ids[0] ?? this.tokenizer.specialIds.unk!;
  }
}
