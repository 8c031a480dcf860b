/** A set of code points. Sets with equal keys hold the same characters. */
export interface CharacterSet {
  readonly key: string;
  has(codePoint: number): boolean;
}

export const anyCharacter: CharacterSet = { key: 'any', has: () => true };

export function rangeSet(first: number, last: number): CharacterSet {
  return { key: `${first}-${last}`, has: (codePoint) => codePoint >= first && codePoint <= last };
}

export const lineFeed = rangeSet(0x0a, 0x0a);

export function invertSet(set: CharacterSet): CharacterSet {
  return { key: `!(${set.key})`, has: (codePoint) => !set.has(codePoint) };
}

export function unionOf(sets: readonly CharacterSet[]): CharacterSet {
  if (sets.length === 1) return sets[0]!;
  return {
    key: `(${sets.map(({ key }) => key).join('|')})`,
    has: (codePoint) => sets.some((set) => set.has(codePoint)),
  };
}

export function intersectionOf(sets: readonly CharacterSet[]): CharacterSet {
  if (sets.length === 1) return sets[0]!;
  return {
    key: `(${sets.map(({ key }) => key).join('&')})`,
    has: (codePoint) => sets.every((set) => set.has(codePoint)),
  };
}

/** The set and every character that differs from one of its members in case alone (simple case folding). */
export function ignoringCase(set: CharacterSet): CharacterSet {
  return { key: `i(${set.key})`, has: (codePoint) => caseVariants(codePoint).some((variant) => set.has(variant)) };
}

function caseVariants(codePoint: number): number[] {
  const character = String.fromCodePoint(codePoint);
  const upper = character.toUpperCase();
  // `ſ` is an `s` and `K` (kelvin) a `k` by way of their upper and lower case.
  const variants = [character, character.toLowerCase(), upper, upper.toLowerCase()];
  return variants.filter((variant) => [...variant].length === 1).map((variant) => variant.codePointAt(0)!);
}

/** Oniguruma's `\s` (Unicode's White_Space, so with U+0085 and without U+FEFF), `\d` and `\w` (with all numbers). */
export const shorthandSets: Readonly<Record<string, CharacterSet>> = {
  s: regExpSet('\\p{White_Space}'),
  d: regExpSet('\\p{Nd}'),
  w: regExpSet('[\\p{Alphabetic}\\p{M}\\p{N}\\p{Pc}]'),
};

/**
 * The characters with a Unicode property: a general category, a script or a binary property, as in `\p{name}`.
 *
 * @returns `undefined` when there is no such property.
 */
export function propertySet(name: string): CharacterSet | undefined {
  if (!/^[A-Za-z_]{1,40}(?:=[A-Za-z_]{1,40})?$/.test(name)) return undefined;
  for (const property of [name, `Script=${name}`]) {
    try {
      return regExpSet(`\\p{${property}}`);
    } catch {
      // Not a property of this kind: try the next.
    }
  }
  return undefined;
}

/** Only for sources of our own making: a single character or property, of which no input can make a slow expression. */
function regExpSet(source: string): CharacterSet {
  const expression = new RegExp(`^${source}$`, 'u');
  return { key: source, has: (codePoint) => expression.test(String.fromCodePoint(codePoint)) };
}
