import { ValidationError } from '@zooid/common';
import type { Random } from '@zooid/tensor';

/** A shuffled copy. */
export function shuffled<T>(items: readonly T[], random: Random): T[] {
  return random.shuffle([...items]);
}

/**
 * Divides examples among named splits at random: `splitByFraction(all, { train: 0.9, validation: 0.1 }, random)`. Sizes
 * differ from the exact fractions by less than one example per split; each split keeps the order of `examples`.
 *
 * With `stratifyBy`, every class is divided in these fractions too, as closely as whole examples allow.
 *
 * @throws ValidationError when the fractions do not add up to 1.
 */
export function splitByFraction<T, Name extends string>(
  examples: readonly T[],
  fractions: Readonly<Record<Name, number>>,
  random: Random,
  options: { readonly stratifyBy?: (example: T) => unknown } = {},
): Record<Name, T[]> {
  const names = Object.keys(fractions) as Name[];
  checkFractions(fractions);
  const assigned = new Array<Name>(examples.length);
  const totals = new Map<Name, number>(names.map((name) => [name, 0]));
  let seen = 0;
  for (const group of groups(examples, options.stratifyBy)) {
    seen += group.length;
    random.shuffle(group);
    const counts = apportion(group.length, seen, names, fractions, totals);
    let next = 0;
    for (const name of names) {
      for (let i = 0; i < counts.get(name)!; i++) assigned[group[next++]!] = name;
    }
  }
  const splits = Object.fromEntries(names.map((name) => [name, [] as T[]])) as Record<Name, T[]>;
  for (const [i, name] of assigned.entries()) splits[name].push(examples[i]!);
  return splits;
}

/** Indices of the examples by class, in order of first appearance. */
function groups<T>(examples: readonly T[], key: ((example: T) => unknown) | undefined): Iterable<number[]> {
  if (key === undefined) return [[...examples.keys()]];
  const byKey = new Map<unknown, number[]>();
  for (const [i, example] of examples.entries()) {
    const group = byKey.get(key(example));
    if (group === undefined) byKey.set(key(example), [i]);
    else group.push(i);
  }
  return byKey.values();
}

/**
 * Shares a group of `size` out: whole parts first, then one each to the splits that are furthest behind over all groups
 * so far. Updates `totals`.
 */
function apportion<Name extends string>(
  size: number,
  seen: number,
  names: readonly Name[],
  fractions: Readonly<Record<Name, number>>,
  totals: Map<Name, number>,
): Map<Name, number> {
  const counts = new Map(names.map((name) => [name, Math.floor(size * fractions[name] + 1e-9)]));
  const behind = (name: Name): number => seen * fractions[name] - totals.get(name)! - counts.get(name)!;
  let rest = size - [...counts.values()].reduce((sum, count) => sum + count, 0);
  for (; rest > 0; rest--) {
    const neediest = names.reduce((best, name) => (behind(name) > behind(best) + 1e-9 ? name : best));
    counts.set(neediest, counts.get(neediest)! + 1);
  }
  for (const [name, count] of counts) totals.set(name, totals.get(name)! + count);
  return counts;
}

function checkFractions(fractions: Readonly<Record<string, number>>): void {
  const values = Object.values(fractions);
  const sum = values.reduce((total, value) => total + value, 0);
  if (values.some((value) => !(value >= 0)) || Math.abs(sum - 1) > 1e-6) {
    const message = `must be at least 0 and add up to 1, got ${JSON.stringify(fractions)}`;
    throw new ValidationError('split fractions', [{ path: '', message }]);
  }
}
