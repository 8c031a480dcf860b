import { ValidationError } from '@zooid/common';
import { type Units, unitKind } from '@zooid/tokenizers';
import { SymbolPairs } from '../symbol-pairs.js';
import type { FastOptions } from './fast-options.js';

/** Rows of the table of characters that stand for something else. */
export const characterRow = { padding: 0, unknown: 1, edge: 2, space: 3, number: 4, word: 5 } as const;
const FIRST_CHARACTER = 6;
/** Rows are halves of a pair's key. */
const MAX_CHARACTERS = 65_536 - FIRST_CHARACTER;

/** Rows of the table of pairs. */
export const pairRow = { padding: 0, unknown: 1 } as const;
const FIRST_PAIR = 2;

const rowNames: readonly string[] = ['<padding>', '<unknown>', '<s>', '<space>', '<number>', '<word>'];

/** The rows of a text's units, and of the pair that each makes with the one before it. */
export interface UnitRows {
  readonly characters: Int32Array;
  readonly pairs: Int32Array;
}

/** Which rows of its tables the fast network looks up: of characters, and of pairs of neighbours. */
export class FastVocabulary {
  private readonly basic = new Uint16Array(0x10000).fill(characterRow.unknown);
  private readonly astral = new Map<number, number>();
  private readonly pairTable: SymbolPairs;

  /** @param pairs by rows of characters */
  private constructor(
    private readonly characters: readonly number[],
    private readonly pairs: readonly (readonly [number, number])[],
  ) {
    for (const [i, codePoint] of characters.entries()) {
      if (codePoint <= 0xffff) this.basic[codePoint] = FIRST_CHARACTER + i;
      else this.astral.set(codePoint, FIRST_CHARACTER + i);
    }
    this.pairTable = new SymbolPairs(pairs, FIRST_PAIR);
  }

  /** Rows of the table of characters. */
  get characterRows(): number {
    return FIRST_CHARACTER + this.characters.length;
  }

  /** Rows of the table of pairs. */
  get pairRows(): number {
    return FIRST_PAIR + this.pairs.length;
  }

  /** The characters and pairs of the training texts that are frequent enough, the most frequent first. */
  static count(
    texts: readonly Units[],
    options: Pick<FastOptions, 'characterMinCount' | 'pairMinCount' | 'maxPairs'>,
  ): FastVocabulary {
    const counts = new Map<number, number>();
    for (const units of texts) {
      for (let unit = 0; unit < units.count; unit++) {
        if (isCharacter(units, unit)) add(counts, units.text.codePointAt(units.starts[unit]!)!);
      }
    }
    const characters = mostFrequent(counts, options.characterMinCount).slice(0, MAX_CHARACTERS);
    const single = new FastVocabulary(characters, []);
    const pairCounts = new Map<number, number>();
    for (const units of texts) {
      const { characters: rows } = single.rowsOf(units);
      let left: number = characterRow.edge;
      for (const right of rows) {
        if (left !== characterRow.unknown && right !== characterRow.unknown) add(pairCounts, left * 65_536 + right);
        left = right;
      }
    }
    const pairs = mostFrequent(pairCounts, options.pairMinCount).slice(0, options.maxPairs);
    return new FastVocabulary(
      characters,
      pairs.map((key) => [key >>> 16, key & 0xffff]),
    );
  }

  /** Reads what `charactersText` and `pairsText` wrote. @throws ValidationError naming the line that cannot be. */
  static parse(files: { readonly characters: string; readonly pairs: string }, subject: string): FastVocabulary {
    const refuse = (file: string, line: number, message: string): never => {
      throw new ValidationError(subject, [{ path: `/${file}/${line}`, message }]);
    };
    const rows = new Map(rowNames.map((name, row) => [name, row]));
    const characters = linesOf(files.characters).map((line, i) => {
      const codePoint = line.codePointAt(0);
      if (codePoint === undefined || String.fromCodePoint(codePoint) !== line || rows.has(line)) {
        return refuse('characters', i, `must be one character that no other line has, got ${shown(line)}`);
      }
      rows.set(line, FIRST_CHARACTER + i);
      return codePoint;
    });
    if (characters.length > MAX_CHARACTERS) refuse('characters', MAX_CHARACTERS, 'is beyond what a model can know');
    const pairs = linesOf(files.pairs).map((line, i) => {
      const [left, right, ...more] = line.split('\t').map((name) => rows.get(name));
      if (left !== undefined && right !== undefined && more.length === 0) return [left, right] as const;
      return refuse('pairs', i, `must be two known characters with a tab between, got ${shown(line)}`);
    });
    return new FastVocabulary(characters, pairs);
  }

  /** One character a line, in the order of the rows. */
  charactersText(): string {
    return this.characters.map((codePoint) => `${String.fromCodePoint(codePoint)}\n`).join('');
  }

  /** One pair a line, in the order of the rows. */
  pairsText(): string {
    const name = (row: number) =>
      row < FIRST_CHARACTER ? rowNames[row]! : String.fromCodePoint(this.characters[row - FIRST_CHARACTER]!);
    return this.pairs.map(([left, right]) => `${name(left)}\t${name(right)}\n`).join('');
  }

  /** The rows of a whole text. */
  rowsOf(units: Units): UnitRows {
    const { count } = units;
    const rows = { characters: new Int32Array(count), pairs: new Int32Array(count) };
    this.writeRows(units, { from: 0, to: count }, { ...rows, at: 0, stride: 1 });
    return rows;
  }

  /** Writes the rows of the units `[from, to)`, the first at `at`, and each `stride` behind the one before it. */
  writeRows(
    units: Units,
    { from, to }: { readonly from: number; readonly to: number },
    { characters, pairs, at, stride }: UnitRows & { readonly at: number; readonly stride: number },
  ): void {
    const { pairTable } = this;
    let left: number = from === 0 ? characterRow.edge : this.rowAt(units, from - 1);
    let place = at;
    for (let unit = from; unit < to; unit++, place += stride) {
      const row = this.rowAt(units, unit);
      characters[place] = row;
      pairs[place] = pairTable.get(left, row, pairRow.unknown);
      left = row;
    }
  }

  private rowAt({ text, starts, kinds }: Units, unit: number): number {
    const start = starts[unit]!;
    const kind = kinds[unit]!;
    if (kind === unitKind.character || (kind !== unitKind.space && starts[unit + 1]! - start === 1)) {
      const code = text.charCodeAt(start);
      return (code & 0xfc00) === 0xd800 ? this.astralRow(text.codePointAt(start)!) : this.basic[code]!;
    }
    if (kind === unitKind.space) return characterRow.space;
    return kind === unitKind.number ? characterRow.number : characterRow.word;
  }

  private astralRow(codePoint: number): number {
    return this.astral.get(codePoint) ?? characterRow.unknown;
  }
}

/** Of letters and digits those that stand alone are characters as well: `A` 股, 3 `D`. */
function isCharacter({ starts, kinds }: Units, unit: number): boolean {
  const kind = kinds[unit];
  return kind === unitKind.character || (kind !== unitKind.space && starts[unit + 1]! - starts[unit]! === 1);
}

const add = (counts: Map<number, number>, key: number): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

function mostFrequent(counts: ReadonlyMap<number, number>, minCount: number): number[] {
  const kept = [...counts].filter(([, count]) => count >= minCount);
  return kept.sort(([a, m], [b, n]) => n - m || a - b).map(([key]) => key);
}

const linesOf = (text: string): string[] => (text === '' ? [] : text.replace(/\n$/, '').split('\n'));

const shown = (line: string): string => JSON.stringify(line.slice(0, 20));
