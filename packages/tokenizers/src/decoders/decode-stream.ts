/** Tokens whose text ends in the middle of a character are held back; no character has more bytes left to come. */
const maxHeld = 3;
const incomplete = '\ufffd';

/**
 * Text from tokens that come one at a time, as a model generates them. A character whose bytes are spread over several
 * tokens is given once it is whole: what was given out never has to be taken back. Together the parts are what `decode`
 * makes of all tokens, as long as those hold whole characters.
 */
export class DecodeStream {
  /** Tokens that the text of the next one depends on: those before it, then those held back. */
  #window: number[] = [];
  /** How many of the window have been given out. */
  #given = 0;

  constructor(
    readonly decode: (ids: readonly number[]) => string,
    /** Tokens that are not part of the text. */
    readonly isSkipped: (id: number) => boolean,
  ) {}

  /** The text that one more token adds; empty while a character is not whole yet. */
  push(id: number): string {
    if (this.isSkipped(id)) return '';
    this.#window.push(id);
    if (!this.decode(this.#window).endsWith(incomplete)) return this.#give(this.#window.length);
    const held = this.#window.length - this.#given;
    // Bytes that will never make a character: give out all but those that still could.
    return held > maxHeld ? this.#give(this.#window.length - maxHeld) : '';
  }

  /** What is left when no more tokens come; the stream then starts anew. */
  end(): string {
    const text = this.#give(this.#window.length);
    this.#window = [];
    this.#given = 0;
    return text;
  }

  #give(count: number): string {
    const before = this.decode(this.#window.slice(0, this.#given));
    const text = this.decode(this.#window.slice(0, count)).slice(before.length);
    if (text !== '') {
      // What was given last stays: tokens may read differently at the beginning of a text.
      this.#window = this.#window.slice(this.#given);
      this.#given = count - this.#given;
    } else {
      this.#given = count;
    }
    return text;
  }
}
