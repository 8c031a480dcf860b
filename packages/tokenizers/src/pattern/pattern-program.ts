import { TokenizerError } from '../errors.js';
import { type CharacterSet, lineFeed } from './character-set.js';
import type { PatternNode } from './parse-pattern.js';

/** One step of a nondeterministic automaton. Where two ways lead on, the first is preferred. */
export type Instruction =
  | { readonly kind: 'set'; readonly set: number; readonly next: number }
  | { readonly kind: 'split'; readonly first: number; readonly second: number }
  | { readonly kind: 'ahead'; readonly set: number; readonly negative: boolean; readonly next: number }
  | { readonly kind: 'begin'; readonly of: 'text' | 'line'; readonly next: number }
  | { readonly kind: 'match' };

export interface PatternProgram {
  readonly instructions: readonly Instruction[];
  readonly start: number;
  /** The sets that instructions refer to; the first holds the line feed alone. */
  readonly sets: readonly CharacterSet[];
}

/** Repeats are written out, so nested ones could grow without end. */
const maxInstructions = 5000;

/** Thompson's construction, from the end of the pattern to its beginning. */
export function compilePattern(node: PatternNode, part: string): PatternProgram {
  const instructions: Instruction[] = [];
  const sets: CharacterSet[] = [];
  const setIndices = new Map<string, number>();

  const emit = (instruction: Instruction): number => {
    if (instructions.length === maxInstructions) {
      throw new TokenizerError(part, `the pattern repeats too much: it needs more than ${maxInstructions} steps`);
    }
    return instructions.push(instruction) - 1;
  };
  const indexOf = (set: CharacterSet): number => {
    const index = setIndices.get(set.key) ?? sets.push(set) - 1;
    setIndices.set(set.key, index);
    return index;
  };
  const split = (preferred: number, other: number, isLazy: boolean): number =>
    emit({ kind: 'split', first: isLazy ? other : preferred, second: isLazy ? preferred : other });

  /** Where `target` starts when `next` follows it. */
  const compile = (target: PatternNode, next: number): number => {
    switch (target.kind) {
      case 'set':
        return emit({ kind: 'set', set: indexOf(target.set), next });
      case 'ahead':
        return emit({ kind: 'ahead', set: indexOf(target.set), negative: target.negative, next });
      case 'begin':
        return emit({ kind: 'begin', of: target.of, next });
      case 'sequence':
        return target.items.reduceRight((follows, item) => compile(item, follows), next);
      case 'choice':
        return target.options
          .map((option) => compile(option, next))
          .reduceRight((others, option) => emit({ kind: 'split', first: option, second: others }));
      case 'repeat':
        return compileRepeat(target, next);
    }
  };
  const compileRepeat = ({ item, min, max, isLazy }: PatternNode & { kind: 'repeat' }, next: number): number => {
    let at = next;
    if (max === Number.POSITIVE_INFINITY) {
      const loop = emit({ kind: 'split', first: -1, second: -1 });
      const body = compile(item, loop);
      instructions[loop] = { kind: 'split', first: isLazy ? next : body, second: isLazy ? body : next };
      at = loop;
    } else {
      for (let i = min; i < max; i++) at = split(compile(item, at), next, isLazy);
    }
    for (let i = 0; i < min; i++) at = compile(item, at);
    return at;
  };

  indexOf(lineFeed);
  const match = emit({ kind: 'match' });
  const start = compile(node, match);
  return { instructions, start, sets };
}
