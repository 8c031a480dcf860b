import { TokenizerError } from '../errors.js';
import { anyCharacter, type CharacterSet, ignoringCase, invertSet, lineFeed, rangeSet } from './character-set.js';
import { ClassParser } from './parse-class.js';
import { PatternSource } from './pattern-source.js';

/** A pattern as a tree. */
export type PatternNode =
  | { readonly kind: 'set'; readonly set: CharacterSet }
  | { readonly kind: 'sequence'; readonly items: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly options: readonly PatternNode[] }
  | {
      readonly kind: 'repeat';
      readonly item: PatternNode;
      readonly min: number;
      readonly max: number;
      readonly isLazy: boolean;
    }
  /** Holds where the next character is in the set; `negative`: where it is not, or there is none. */
  | { readonly kind: 'ahead'; readonly set: CharacterSet; readonly negative: boolean }
  /** Holds at the beginning of the text, or of every line. */
  | { readonly kind: 'begin'; readonly of: 'text' | 'line' };

const maxLength = 10_000;
const maxDepth = 50;
const maxRepeat = 1000;

/**
 * Parses the regular expressions that tokenizer files hold: a subset of Oniguruma's syntax in which nothing needs
 * backtracking. It has no back references, no atomic groups or possessive repeats, no look-behind, and looks ahead by
 * one character only.
 *
 * @param part Where the pattern stands, for messages.
 * @throws TokenizerError naming what is malformed or not supported, and where.
 */
export function parsePattern(text: string, part: string): PatternNode {
  if (text.length > maxLength) {
    throw new TokenizerError(part, `has ${text.length} characters, patterns of at most ${maxLength} are read`);
  }
  const source = new PatternSource(text, part);
  const node = new PatternParser(source).parseChoice(0, false);
  if (!source.isDone) source.fail('expected the end of the pattern');
  return node;
}

class PatternParser {
  readonly #classes: ClassParser;

  constructor(readonly source: PatternSource) {
    this.#classes = new ClassParser(source);
  }

  parseChoice(depth: number, ignoreCase: boolean): PatternNode {
    const { source } = this;
    if (depth > maxDepth) source.fail(`expected at most ${maxDepth} nested groups`);
    let ignore = ignoreCase;
    const options: PatternNode[] = [];
    let items: PatternNode[] = [];
    while (!source.isDone && !source.isAt(')')) {
      if (source.take('|')) {
        options.push(sequenceOf(items));
        items = [];
      } else if (source.take('(?i)')) {
        ignore = true;
      } else {
        items.push(this.#parseRepeat(depth, ignore));
      }
    }
    options.push(sequenceOf(items));
    return options.length === 1 ? options[0]! : { kind: 'choice', options };
  }

  #parseRepeat(depth: number, ignoreCase: boolean): PatternNode {
    const { source } = this;
    const item = this.#parseAtom(depth, ignoreCase);
    const bounds = this.#parseBounds();
    if (bounds === undefined) return item;
    if (item.kind === 'ahead' || item.kind === 'begin') source.fail('a repeated assertion is not supported');
    const isLazy = source.take('?');
    if (source.isAt('+')) source.fail('possessive repeats are not supported; a greedy one often says the same');
    if (source.isAt('*') || source.isAt('?')) source.fail('expected one repeat at a time; group the inner one');
    return { kind: 'repeat', item, ...bounds, isLazy };
  }

  #parseBounds(): { min: number; max: number } | undefined {
    const { source } = this;
    if (source.take('*')) return { min: 0, max: Number.POSITIVE_INFINITY };
    if (source.take('+')) return { min: 1, max: Number.POSITIVE_INFINITY };
    if (source.take('?')) return { min: 0, max: 1 };
    const braces = source.takeMatch(/\{(?:\d{1,6}(?:,\d{0,6})?|,\d{1,6})\}/y);
    if (braces === undefined) return undefined;
    const [low = '', high = low] = braces.slice(1, -1).split(',');
    const min = Number(low || '0');
    const max = high === '' ? Number.POSITIVE_INFINITY : Number(high);
    if (min > maxRepeat || (max > maxRepeat && max !== Number.POSITIVE_INFINITY)) {
      source.fail(`expected repeats of at most ${maxRepeat}`);
    }
    if (min > max) source.fail('expected a repeat whose bounds are in order');
    return { min, max };
  }

  #parseAtom(depth: number, ignoreCase: boolean): PatternNode {
    const { source } = this;
    const cased = (set: CharacterSet): PatternNode => ({ kind: 'set', set: ignoreCase ? ignoringCase(set) : set });
    if (source.isAt('(')) return this.#parseGroup(depth, ignoreCase);
    if (source.isAt('[')) return { kind: 'set', set: this.#classes.parseClass(0, ignoreCase) };
    if (source.isAt('\\')) {
      if (source.take('\\A')) return { kind: 'begin', of: 'text' };
      if (source.take('\\z')) return { kind: 'ahead', set: anyCharacter, negative: true };
      return { kind: 'set', set: this.#classes.parseEscape(ignoreCase) };
    }
    if (source.take('.')) return { kind: 'set', set: invertSet(lineFeed) };
    // Oniguruma's anchors hold at every line.
    if (source.take('^')) return { kind: 'begin', of: 'line' };
    if (source.take('$')) return { kind: 'ahead', set: invertSet(lineFeed), negative: true };
    if (source.isAt('*') || source.isAt('+') || source.isAt('?')) source.fail('expected something to repeat');
    const codePoint = source.next();
    return cased(rangeSet(codePoint, codePoint));
  }

  #parseGroup(depth: number, ignoreCase: boolean): PatternNode {
    const { source } = this;
    for (const [opening, negative] of [
      ['(?!', true],
      ['(?=', false],
    ] as const) {
      if (!source.take(opening)) continue;
      const node = this.#parseChoice(depth, ignoreCase);
      const set =
        node.kind === 'set' ? node.set : source.fail('looking ahead further than one character is not supported');
      return { kind: 'ahead', set, negative };
    }
    if (source.take('(?i:')) return this.#parseChoice(depth, true);
    if (source.take('(?:')) return this.#parseChoice(depth, ignoreCase);
    if (source.isAt('(?')) source.fail('this kind of group is not supported; (?:…), (?i:…), (?!…) and (?=…) are');
    source.take('(');
    return this.#parseChoice(depth, ignoreCase);
  }

  #parseChoice(depth: number, ignoreCase: boolean): PatternNode {
    const node = this.parseChoice(depth + 1, ignoreCase);
    if (!this.source.take(')')) this.source.fail('expected a closing parenthesis');
    return node;
  }
}

function sequenceOf(items: readonly PatternNode[]): PatternNode {
  return items.length === 1 ? items[0]! : { kind: 'sequence', items };
}
