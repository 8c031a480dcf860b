/**
 * Whether `path` fits a pattern of the shell kind, as huggingface_hub reads them: `*` is any text, `/` included; `?` one
 * character; `[abc]`, `[a-z]`, `[!x]` one of a set. Case matters. A pattern that ends in `/` stands for all below.
 */
export function matchesPattern(path: string, pattern: string): boolean {
  return toRegExp(pattern.endsWith('/') ? `${pattern}*` : pattern).test(path);
}

export const matchesAny = (path: string, patterns: readonly string[]): boolean =>
  patterns.some((pattern) => matchesPattern(path, pattern));

function toRegExp(pattern: string): RegExp {
  let source = '';
  for (let i = 0; i < pattern.length; i++) {
    const character = pattern[i]!;
    const end = character === '[' ? pattern.indexOf(']', pattern[i + 1] === '!' ? i + 3 : i + 2) : -1;
    if (character === '*') {
      // One for a run of them: `.*.*.*` takes time that grows with the power of their number.
      if (pattern[i - 1] !== '*') source += '.*';
    } else if (character === '?') source += '.';
    else if (end > 0) {
      source += setOf(pattern.slice(i + 1, end));
      i = end;
    } else source += quoted(character);
  }
  return new RegExp(`^${source}$`, 's');
}

function setOf(content: string): string {
  const negated = content.startsWith('!');
  const members = (negated ? content.slice(1) : content).replaceAll(/[\\\]^[]/g, '\\$&');
  // A range that runs backwards holds nothing, as in the shell; RegExp would refuse it.
  const valid = members.replaceAll(/(\\?.)-(\\?.)/gs, (range, from: string, to: string) =>
    from.at(-1)! <= to.at(-1)! ? range : '',
  );
  if (valid === '') return negated ? '.' : '(?!)';
  return `[${negated ? '^' : ''}${valid}]`;
}

const quoted = (character: string) => character.replace(/[\\^$.*+?()[\]{}|/]/, '\\$&');
