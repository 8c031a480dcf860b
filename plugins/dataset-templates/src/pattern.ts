import { ValidationError } from '@zooid/common';

/**
 * A template's grammar: literal text, `{list}` for a word that becomes a slot, `<list>` for a word that does not, and
 * `(a|b|)` for alternatives, nested as one likes; an empty alternative makes the group optional. A backslash takes the
 * next character as it is.
 */
export type Pattern =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'slot' | 'phrase'; readonly list: string }
  | { readonly kind: 'sequence'; readonly parts: readonly Pattern[] }
  | { readonly kind: 'choice'; readonly options: readonly Pattern[] };

/** Deeper groups are a mistake, and would end in the call stack's limit. */
const MAX_DEPTH = 100;

/** @throws ValidationError pointing at the character that cannot be read. */
export function parsePattern(source: string): Pattern {
  const reader = new PatternReader(source);
  const pattern = reader.choice();
  if (!reader.isAtEnd) reader.fail(`unexpected '${reader.peek}'`);
  return pattern;
}

/** Names of the lists that a pattern takes words from. */
export function* listsOf(pattern: Pattern): Generator<string> {
  switch (pattern.kind) {
    case 'slot':
    case 'phrase':
      yield pattern.list;
      break;
    case 'sequence':
      for (const part of pattern.parts) yield* listsOf(part);
      break;
    case 'choice':
      for (const option of pattern.options) yield* listsOf(option);
      break;
    case 'text':
      break;
  }
}

/** Whether a pattern can write nothing but the empty text. */
export function isAlwaysEmpty(pattern: Pattern): boolean {
  switch (pattern.kind) {
    case 'text':
      return pattern.text.trim() === '';
    case 'sequence':
      return pattern.parts.every(isAlwaysEmpty);
    case 'choice':
      return pattern.options.every(isAlwaysEmpty);
    default:
      return false;
  }
}

class PatternReader {
  private readonly characters: readonly string[];
  private at = 0;
  private depth = 0;

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
    if (++this.depth > MAX_DEPTH) this.fail(`more than ${MAX_DEPTH} groups inside one another`);
    const options = [this.sequence()];
    while (this.peek === '|') {
      this.at++;
      options.push(this.sequence());
    }
    this.depth--;
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  fail(problem: string): never {
    const message = `${problem} at character ${this.at + 1} of '${this.source}'`;
    throw new ValidationError('template', [{ path: '', message }]);
  }

  private sequence(): Pattern {
    const parts: Pattern[] = [];
    let text = '';
    const flush = () => {
      if (text !== '') parts.push({ kind: 'text', text });
      text = '';
    };
    while (!this.isAtEnd && this.peek !== '|' && this.peek !== ')') {
      const character = this.characters[this.at]!;
      if (character === '}' || character === '>') this.fail(`unexpected '${character}'`);
      this.at++;
      if (character === '\\') {
        if (this.isAtEnd) this.fail('nothing after the backslash');
        text += this.characters[this.at++]!;
      } else if (character === '{' || character === '<') {
        flush();
        const list = this.until(character === '{' ? '}' : '>');
        parts.push({ kind: character === '{' ? 'slot' : 'phrase', list });
      } else if (character === '(') {
        flush();
        parts.push(this.choice());
        if (this.peek !== ')') this.fail("missing ')'");
        this.at++;
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
