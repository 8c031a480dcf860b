import { TokenizerError } from '../errors.js';
import { parsePattern } from './parse-pattern.js';
import { compilePattern, type PatternProgram } from './pattern-program.js';

/** Kinds of characters that a pattern can tell apart: 0 is unseen, the last one the end of the text. */
const classCount = 256;
const endOfText = classCount - 1;
const maxStates = 1000;
const maxCodePoint = 0x10ffff;
const unknown = -1;
/** The state without any thread: nothing can match any more. */
const dead = 0;
/** What stands before a place: anything, a line feed, nothing. */
const before = { other: 0, line: 1, text: 2 } as const;
const lineFeedSet = 0;

/**
 * A regular expression that cannot be made slow. The patterns of a tokenizer file are as untrusted as the rest of it,
 * and JavaScript's `RegExp` backtracks: `(a+)+b` takes time exponential in the text. This one is a deterministic
 * automaton built while it runs, so a character costs one table lookup whatever the pattern; the alternatives that
 * JavaScript would prefer are preferred here. Its memory is bounded: a full table is emptied.
 *
 * Matches of no characters are not reported.
 *
 * @see Cox 2010, "Regular Expression Matching in the Wild" (the construction of RE2)
 */
export class Pattern {
  readonly #program: PatternProgram;
  readonly #classes = new Uint8Array(maxCodePoint + 1);
  readonly #classOfSignature = new Map<string, number>();
  /** For each class, whether it is in each set. */
  readonly #members: boolean[][] = [[]];
  /** Threads of each state, in order of preference, and what stands before it. */
  #states: { readonly threads: Int32Array; readonly before: number }[] = [];
  #stateOfKey = new Map<string, number>();
  /** `next · 2 + (matched before the character ? 1 : 0)`, or `unknown`. */
  #transitions = new Int32Array(16 * classCount).fill(unknown);
  /** Where matches start, by what stands before them. */
  #starts: number[] = [];
  readonly #visited: Uint32Array;
  #visit = 0;

  /**
   * @param part Where the pattern stands, for messages.
   * @throws TokenizerError when the pattern is malformed or needs what is not supported.
   */
  constructor(
    readonly source: string,
    readonly part: string,
  ) {
    this.#program = compilePattern(parsePattern(source, part), part);
    this.#visited = new Uint32Array(this.#program.instructions.length);
    this.#reset();
  }

  /**
   * Visits matches in `text[from, to)`, leftmost first and without overlaps, places in UTF-16 units; the text is taken to
   * begin and end there. Stops when `visit` returns false.
   *
   * @throws TokenizerError when matching would take time beyond proportion to the text.
   */
  forEachMatch(text: string, from: number, to: number, visit: (start: number, end: number) => boolean): void {
    const classes = this.#classes;
    // A match that looks far ahead and then stays short makes the next one look again: quadratic, unless stopped.
    let budget = 128 * (to - from) + 2 ** 20;
    let start = from;
    while (start < to) {
      const preceding = start === from ? before.text : text.charCodeAt(start - 1) === 0x0a ? before.line : before.other;
      let state = this.#starts[preceding]!;
      let matched = -1;
      let i = start;
      for (;;) {
        let kind = endOfText;
        let next = i + 1;
        if (i < to) {
          let codePoint = text.charCodeAt(i);
          if ((codePoint & 0xfc00) === 0xd800 && next < to) {
            codePoint = text.codePointAt(i)!;
            if (codePoint > 0xffff) next++;
          }
          kind = classes[codePoint]!;
          if (kind === 0) kind = this.#classify(codePoint);
        }
        let transition = this.#transitions[state * classCount + kind]!;
        if (transition === unknown) transition = this.#step(state, kind);
        if ((transition & 1) === 1) matched = i;
        state = transition >> 1;
        if (state === dead || i >= to) break;
        i = next;
      }
      budget -= i - start;
      if (budget < 0) throw this.#tooSlow();
      if (matched > start) {
        if (!visit(start, matched)) return;
        start = matched;
      } else {
        start += text.codePointAt(start)! > 0xffff && start + 1 < to ? 2 : 1;
      }
    }
  }

  #tooSlow(): TokenizerError {
    return new TokenizerError(
      this.part,
      `the pattern ${JSON.stringify(this.source.slice(0, 80))} reads the same characters of this text again and again; shorten the text, or change the pattern`,
    );
  }

  #classify(codePoint: number): number {
    const membership = this.#program.sets.map((set) => set.has(codePoint));
    const signature = membership.map((isMember) => (isMember ? '1' : '0')).join('');
    let found = this.#classOfSignature.get(signature);
    if (found === undefined) {
      found = this.#members.length;
      if (found === endOfText) {
        throw new TokenizerError(
          this.part,
          'the pattern tells too many kinds of characters apart; simplify its classes',
        );
      }
      this.#members.push(membership);
      this.#classOfSignature.set(signature, found);
    }
    this.#classes[codePoint] = found;
    return found;
  }

  /** Where the threads of a state go on a character of a class, in order of preference; those after a match are dropped. */
  #step(state: number, kind: number): number {
    const { instructions } = this.#program;
    const members = this.#members[kind];
    const isIn = (set: number) => members?.[set] ?? false;
    const visit = ++this.#visit;
    const next: number[] = [];
    let isMatched = false;
    const stack: number[] = [];
    const current = this.#states[state]!;
    for (const thread of current.threads) {
      stack.push(thread);
      while (stack.length > 0 && !isMatched) {
        const at = stack.pop()!;
        if (this.#visited[at] === visit) continue;
        this.#visited[at] = visit;
        const instruction = instructions[at]!;
        switch (instruction.kind) {
          case 'match':
            isMatched = true;
            break;
          case 'split':
            stack.push(instruction.second, instruction.first);
            break;
          case 'ahead':
            if (isIn(instruction.set) !== instruction.negative) stack.push(instruction.next);
            break;
          case 'begin':
            if (current.before >= (instruction.of === 'text' ? before.text : before.line)) stack.push(instruction.next);
            break;
          case 'set':
            if (isIn(instruction.set)) next.push(instruction.next);
            break;
        }
      }
      if (isMatched) break;
    }
    const isFull = this.#states.length >= maxStates;
    if (isFull) this.#reset();
    const following = isIn(lineFeedSet) && next.length > 0 ? before.line : before.other;
    const transition = this.#stateOf(next, following) * 2 + (isMatched ? 1 : 0);
    if (!isFull) this.#transitions[state * classCount + kind] = transition;
    return transition;
  }

  #stateOf(threads: readonly number[], preceding: number): number {
    const unique = [...new Set(threads)];
    const key = `${preceding}:${unique.join()}`;
    const known = this.#stateOfKey.get(key);
    if (known !== undefined) return known;
    const state = this.#states.length;
    if ((state + 1) * classCount > this.#transitions.length) {
      const grown = new Int32Array(this.#transitions.length * 2).fill(unknown);
      grown.set(this.#transitions);
      this.#transitions = grown;
    }
    this.#states.push({ threads: Int32Array.from(unique), before: preceding });
    this.#stateOfKey.set(key, state);
    return state;
  }

  #reset(): void {
    this.#states = [];
    this.#stateOfKey = new Map();
    this.#transitions.fill(unknown);
    this.#stateOf([], before.other);
    this.#starts = Object.values(before).map((preceding) => this.#stateOf([this.#program.start], preceding));
  }
}
