import { ValidationError } from '@zooid/common';

/**
 * A template's grammar: literal text, `{list}` for a word that becomes a slot, `<list>` for a word that does not, and
 * `(a|b|)` for alternatives, nested as one likes; an empty alternative makes the group optional.
 */
export type Pattern =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'slot' | 'phrase'; readonly list: string }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly options: readonly Pattern[] };

/** @throws ValidationError pointing at the character that cannot be read. */
export function parsePattern(source: string): Pattern {
  const reader = new PatternReader(source);
  const pattern = reader.choice();
  if (!reader.isAtEnd) reader.fail(`unexpected '${reader.peek}'`);
  return pattern;
}

class PatternReader {
  private readonly characters: readonly string[];
  private at = 0;

  constructor(private readonly source: string) {
    this.characters = [...source];
  }

  get isAtEnd(): boolean {
    return this.at >= this.characters.length;
  }

  get peek(): string | undefined {
    return this.characters[this.at];
  }

  choice(): Pattern {
    const options = [this.sequence()];
    while (this.peek === '|') {
      this.at++;
      options.push(this.sequence());
    }
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  fail(problem: string): never {
    throw new ValidationError(`template '${this.source}'`, [{ path: '', message: `${problem} at character ${this.at + 1}` }]);
  }

  private sequence(): Pattern {
    const parts: Pattern[] = [];
    let text = '';
    const flush = () => {
      if (text !== '') parts.push({ kind: 'text', text });
      text = '';
    };
    while (!this.isAtEnd && this.peek !== '|' && this.peek !== ')') {
      const character = this.characters[this.at++]!;
      if (character === '{' || character === '<') {
        flush();
        const list = this.until(character === '{' ? '}' : '>');
        parts.push({ kind: character === '{' ? 'slot' : 'phrase', list });
      } else if (character === '(') {
        flush();
        parts.push(this.choice());
        if (this.characters[this.at++] !== ')') this.fail("missing ')'");
      } else if (character === '}' || character === '>') {
        this.fail(`unexpected '${character}'`);
      } else {
        text += character;
      }
    }
    flush();
    return parts.length === 1 ? parts[0]! : { kind: 'sequence', parts };
  }

  private until(close: string): string {
    const end = this.characters.indexOf(close, this.at);
    if (end < 0) this.fail(`missing '${close}'`);
    const name = this.characters.slice(this.at, end).join('').trim();
    if (name === '') this.fail('empty list name');
    this.at = end + 1;
    return name;
  }
}
