import {
  type CharacterSet,
  ignoringCase,
  intersectionOf,
  invertSet,
  propertySet,
  rangeSet,
  shorthandSets,
  unionOf,
} from './character-set.js';
import type { PatternSource } from './pattern-source.js';

const maxDepth = 20;

/** Escapes of one character. */
const controls: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, f: 12, v: 11, a: 7, e: 27, '0': 0 };

/** Parses what stands for one character: escapes and bracketed classes, nested ones and `&&` included. */
export class ClassParser {
  constructor(readonly source: PatternSource) {}

  /** From the `[` on. */
  parseClass(depth: number, ignoreCase: boolean): CharacterSet {
    const { source } = this;
    if (depth > maxDepth) source.fail(`expected at most ${maxDepth} nested classes`);
    if (source.isAt('[:')) source.fail('POSIX classes are not supported; use \\p{…}');
    source.take('[');
    const isNegative = source.take('^');
    const operands: CharacterSet[] = [];
    let members: CharacterSet[] = [];
    // A bracket that would close an empty class stands for itself.
    if (source.take(']')) members.push(rangeSet(0x5d, 0x5d));
    while (!source.take(']')) {
      if (source.isDone) source.fail('expected a closing bracket');
      if (source.take('&&')) {
        operands.push(unionOf(members));
        members = [];
      } else {
        members.push(this.#parseMember(depth, ignoreCase));
      }
    }
    operands.push(unionOf(members));
    const exact = intersectionOf(operands);
    const set = ignoreCase ? ignoringCase(exact) : exact;
    return isNegative ? invertSet(set) : set;
  }

  /** From the backslash on. */
  parseEscape(ignoreCase: boolean): CharacterSet {
    const escaped = this.#takeEscape();
    if (typeof escaped !== 'number') return escaped;
    return ignoreCase ? ignoringCase(rangeSet(escaped, escaped)) : rangeSet(escaped, escaped);
  }

  #parseMember(depth: number, ignoreCase: boolean): CharacterSet {
    const { source } = this;
    if (source.isAt('[')) return this.parseClass(depth + 1, ignoreCase);
    const first = source.isAt('\\') ? this.#takeEscape() : source.next();
    if (typeof first !== 'number') return first;
    if (!source.isAt('-') || source.isAt('-]')) return rangeSet(first, first);
    source.take('-');
    const last = source.isAt('\\') ? this.#takeEscape() : source.next();
    if (typeof last !== 'number' || last < first) return source.fail('expected a range of characters in order');
    return rangeSet(first, last);
  }

  #takeEscape(): CharacterSet | number {
    const { source } = this;
    source.take('\\');
    const property = source.takeMatch(/[pP]\{\^?[^{}]{1,80}\}/y);
    if (property !== undefined) {
      const isNegative = (property[0] === 'P') !== (property[2] === '^');
      const name = property.slice(property[2] === '^' ? 3 : 2, -1);
      const set = propertySet(name) ?? source.fail(`the property ${JSON.stringify(name)} is not known`);
      return isNegative ? invertSet(set) : set;
    }
    const code = source.takeMatch(/x\{[0-9A-Fa-f]{1,8}\}|x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|u\{[0-9A-Fa-f]{1,8}\}/y);
    if (code !== undefined) {
      const codePoint = Number.parseInt(code.slice(1).replace(/[{}]/g, ''), 16);
      return codePoint <= 0x10ffff ? codePoint : source.fail('expected a code point of Unicode');
    }
    const letter = source.takeMatch(/[A-Za-z0-9]/y);
    if (letter === undefined) return source.next();
    const control = Object.hasOwn(controls, letter) ? controls[letter] : undefined;
    if (control !== undefined) return control;
    const shorthand = shorthandSets[letter.toLowerCase()];
    if (shorthand === undefined || !Object.hasOwn(shorthandSets, letter.toLowerCase())) {
      return source.fail(`the escape \\${letter} is not supported`);
    }
    return letter === letter.toLowerCase() ? shorthand : invertSet(shorthand);
  }
}
