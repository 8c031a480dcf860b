import { TokenizerError } from '../errors.js';

/** The text of a pattern, read from left to right. */
export class PatternSource {
  #at = 0;

  constructor(
    readonly text: string,
    readonly part: string,
  ) {}

  get isDone(): boolean {
    return this.#at >= this.text.length;
  }

  isAt(expected: string): boolean {
    return this.text.startsWith(expected, this.#at);
  }

  take(expected: string): boolean {
    if (!this.isAt(expected)) return false;
    this.#at += expected.length;
    return true;
  }

  /** What a sticky expression of our own matches here, or `undefined`. */
  takeMatch(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.text)?.[0];
    if (found !== undefined) this.#at += found.length;
    return found;
  }

  /** The next code point. */
  next(): number {
    const codePoint = this.text.codePointAt(this.#at);
    if (codePoint === undefined) return this.fail('expected more');
    this.#at += codePoint > 0xffff ? 2 : 1;
    return codePoint;
  }

  fail(problem: string): never {
    const shown = this.text.length > 80 ? `${this.text.slice(0, 80)}…` : this.text;
    throw new TokenizerError(this.part, `pattern ${JSON.stringify(shown)}, character ${this.#at}: ${problem}`);
  }
}
