import { type Issue, ValidationError } from '@zooid/common';

export interface NameMatcher {
  matches(name: string): boolean;
  /** @throws ValidationError naming patterns that match none of `names`: a typo would silently do nothing. */
  checkUsed(names: readonly string[]): void;
}

export interface MatcherOptions {
  /** Where the patterns stand in the recipe: `/train/freeze`. */
  readonly at: string;
  /** What the names are of; default `parameter`. */
  readonly what?: string;
}

/** Matches names against patterns in which `*` stands for any characters. */
export function matcher(patterns: readonly string[], { at, what = 'parameter' }: MatcherOptions): NameMatcher {
  const compiled = patterns.map((pattern) => ({
    pattern,
    regex: new RegExp(`^${pattern.split('*').map(escapeRegex).join('.*')}$`),
  }));
  return {
    matches: (name) => compiled.some(({ regex }) => regex.test(name)),
    checkUsed(names) {
      const issues: Issue[] = compiled
        .map(({ pattern, regex }, i) => ({ pattern, i, used: names.some((name) => regex.test(name)) }))
        .filter(({ used }) => !used)
        .map(({ pattern, i }) => ({
          path: `${at}/${i}`,
          message: `'${pattern}' matches no ${what}; names look like ${names.slice(0, 3).join(', ')}`,
        }));
      if (issues.length > 0) throw new ValidationError('recipe', issues);
    },
  };
}

function escapeRegex(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}
