import type { Units } from '@zooid/tokenizers';
import { boundaryRule } from '../decode/boundaries.js';
import type { Dictionary } from './dictionary.js';
import type { LexiconEntry } from './entry.js';

/** A match of n units is a bit n of its first unit's set; no entry has more than 127. */
const WORDS_PER_SET = 4;
const UNITS_PER_STEP = 16_384;

/** Rules for the places between units, and which entries of a dictionary they follow. */
export interface RuleTarget {
  readonly rules: Uint8Array;
  /** Whether an entry is a word of this granularity. */
  readonly applies: (entry: LexiconEntry) => boolean;
}

/**
 * Makes words of a dictionary's matches by rules that decoding must follow. Matches that cannot hold together are settled by
 * length: the longest in units first, of equally long ones the leftmost; what contradicts a rule that is there already is
 * left out. So dictionaries are applied in the order of their rank.
 *
 * @param targets the granularities that are decoded together, coarse before fine: then every coarse boundary must be a fine
 * one, and a match counts only where that stays possible
 */
export function* forceMatches(
  units: Units,
  dictionary: Dictionary,
  targets: readonly RuleTarget[],
): Generator<number, void> {
  // Sets of matches by which of the targets they are words of: no more than 2 bits.
  const sets = new Map<number, MatchSet>();
  yield* dictionary.matches(units, (entry, first, end) => {
    const kind = targets.reduce((bits, { applies }, i) => bits | (applies(entry) ? 1 << i : 0), 0);
    if (kind === 0) return;
    let set = sets.get(kind);
    if (set === undefined) {
      set = new MatchSet(units.count);
      sets.set(kind, set);
    }
    set.add(first, end - first);
  });
  const kinds = [...sets].sort(([a], [b]) => b - a);
  const lengths = new Set(kinds.flatMap(([, { lengths: present }]) => [...present]));
  for (const length of [...lengths].sort((a, b) => b - a)) {
    for (let first = 0; first + length <= units.count; first++) {
      for (const [kind, set] of kinds) {
        if (set.has(first, length)) accept(targets, kind, first, first + length);
      }
      if (first % UNITS_PER_STEP === UNITS_PER_STEP - 1) yield UNITS_PER_STEP;
    }
  }
}

class MatchSet {
  readonly lengths = new Set<number>();
  private readonly bits: Uint32Array;

  constructor(count: number) {
    this.bits = new Uint32Array(WORDS_PER_SET * count);
  }

  add(first: number, length: number): void {
    this.bits[WORDS_PER_SET * first + (length >> 5)]! |= 1 << (length & 31);
    this.lengths.add(length);
  }

  has(first: number, length: number): boolean {
    return (this.bits[WORDS_PER_SET * first + (length >> 5)]! & (1 << (length & 31))) !== 0;
  }
}

/** Writes the rules of a match into the targets of `kind`, if none of them contradicts one that is there. */
function accept(targets: readonly RuleTarget[], kind: number, first: number, end: number): void {
  const isWordOf = (target: number) => (kind & (1 << target)) !== 0;
  for (let pass = 0; pass < 2; pass++) {
    const isWriting = pass === 1;
    for (let target = 0; target < targets.length; target++) {
      const { rules } = targets[target]!;
      // A coarse boundary is a fine one; where no fine word ends, no coarse one does. `targets` has the coarse one first.
      const hasEnds = isWordOf(target) || (target === 1 && isWordOf(0));
      const isWhole = isWordOf(target) || (target === 0 && targets.length === 2 && isWordOf(1));
      if (hasEnds && !setAll(rules, first, first, boundaryRule.required, isWriting)) return;
      if (hasEnds && !setAll(rules, end, end, boundaryRule.required, isWriting)) return;
      if (isWhole && !setAll(rules, first + 1, end - 1, boundaryRule.forbidden, isWriting)) return;
    }
  }
}

/** Sets places `[from, to]`, or says whether that contradicts nothing. The ends of the text are boundaries whatever is set. */
function setAll(rules: Uint8Array, from: number, to: number, rule: number, isWriting: boolean): boolean {
  if (isWriting) rules.fill(rule, from, to + 1);
  else {
    for (let place = from; place <= to; place++) {
      if (rules[place] !== boundaryRule.free && rules[place] !== rule) return false;
    }
  }
  return true;
}
