import { type Issue, ValidationError } from '@zooid/common';

export interface NameMatcher {
  matches(name: string): boolean;
  /** @throws ValidationError naming patterns that match none of `names`: a typo would train what should be frozen. */
  checkUsed(names: readonly string[]): void;
}

/** Matches parameter names against patterns in which `*` stands for any characters. */
export function matcher(patterns: readonly string[]): NameMatcher {
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
          path: `/train/freeze/${i}`,
          message: `'${pattern}' matches no parameter; names look like ${names.slice(0, 3).join(', ')}`,
        }));
      if (issues.length > 0) throw new ValidationError('recipe', issues);
    },
  };
}

function escapeRegex(text: string): string {
  return text.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
}
