import type { Issue } from '@zooid/common';
import { parseTag, spansOfTags } from '@zooid/tagging';
import type { TokenClassificationOptions } from './options.js';

/** A typed stretch of a text, `[start, end)` in UTF-16 units. */
export interface Entity {
  readonly type: string;
  readonly start: number;
  readonly end: number;
}

export interface TaggedText {
  readonly text: string;
  readonly entities: readonly Entity[];
}

type TokenOptions = Pick<TokenClassificationOptions, 'tokensField' | 'tagsField' | 'tagNames' | 'joinTokens'>;

/** Scripts that put no space between words. */
const withoutSpaces = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\u3000-\u303f\uff00-\uffef]/u;

/** Reads tokens with a tag each as the text they make, and its spans; any of the common schemes, legal or not. */
export function readTokens(
  record: Readonly<Record<string, unknown>>,
  options: TokenOptions,
  issues: Issue[],
): TaggedText | undefined {
  const { tokensField, tagsField } = options;
  const [tokens, tags] = [record[tokensField], record[tagsField]];
  const refuse = (path: string, message: string): undefined => {
    issues.push({ path, message });
    return undefined;
  };
  if (
    !Array.isArray(tokens) ||
    tokens.length === 0 ||
    !tokens.every((token) => typeof token === 'string' && token !== '')
  ) {
    return refuse(`/${tokensField}`, 'must be a list of non-empty strings');
  }
  if (!Array.isArray(tags) || tags.length !== tokens.length) {
    const count = Array.isArray(tags) ? `${tags.length}` : 'no list';
    return refuse(`/${tagsField}`, `must be a list of a tag for each of the ${tokens.length} tokens, got ${count}`);
  }
  const names = tags.map(
    (tag: unknown, i) => tagName(tag, options.tagNames) ?? refuse(`/${tagsField}/${i}`, complaint(options)),
  );
  if (names.includes(undefined)) return undefined;
  const { text, starts } = join(tokens as string[], options.joinTokens);
  const entities = spansOfTags((names as string[]).map(parseTag)).map(({ type, first, last }) => ({
    type,
    start: starts[first]!,
    end: starts[last]! + (tokens[last] as string).length,
  }));
  return { text, entities };
}

function tagName(tag: unknown, names: readonly string[] | undefined): string | undefined {
  if (typeof tag === 'string' && tag !== '') return tag;
  return typeof tag === 'number' ? names?.[tag] : undefined;
}

const complaint = ({ tagNames }: TokenOptions): string =>
  tagNames === undefined
    ? "must be a tag such as 'B-PER' or 'O'; name numbered tags in the option tagNames"
    : `must be a tag such as 'B-PER', or a whole number below ${tagNames.length}`;

function join(tokens: readonly string[], how: TokenOptions['joinTokens']): { text: string; starts: number[] } {
  let text = '';
  const starts = tokens.map((token) => {
    if (text !== '' && (how === 'space' || (how === 'auto' && wantsSpace(text, token)))) text += ' ';
    const start = text.length;
    text += token;
    return start;
  });
  return { text, starts };
}

const wantsSpace = (before: string, after: string): boolean =>
  !withoutSpaces.test([...before.slice(-2)].at(-1)!) &&
  !withoutSpaces.test(String.fromCodePoint(after.codePointAt(0)!));
