import { shortened } from './excerpt.js';
import type { Confusions, CountTable } from './group-report.js';
import { Tally } from './tally.js';

/** Further labels than these are counted as one: what comes from a data file is not bounded. */
const mostLabels = 2000;
const longestName = 60;
const tableRows = 200;
const matrixLabels = 24;
const otherLabels = '(other labels)';

interface Counts {
  expected: number;
  answered: number;
  right: number;
  confused: number;
}

/** How often each label was expected, answered and right, and which were taken for which. */
export class LabelCounts {
  private readonly counts = new Map<string, Counts>();
  private readonly pairs = new Tally<readonly [string, string]>();

  /**
   * @param nowhere what stands in place of a label where something was answered that nobody expected (in rows of the
   * confusions), and where there is no answer to what was expected (in columns); more columns for other misses.
   */
  constructor(private readonly nowhere: { readonly rows: readonly string[]; readonly columns: readonly string[] }) {}

  expected(label: string): void {
    this.of(label).expected++;
  }

  answered(label: string): void {
    this.of(label).answered++;
  }

  right(label: string): void {
    this.of(label).right++;
    this.pairs.add([this.known(label), this.known(label)]);
  }

  /** @param expected,answered labels, or names of what stands in their place. */
  confused(expected: string, answered: string): void {
    if (!this.nowhere.rows.includes(expected)) this.of(expected).confused++;
    if (!this.nowhere.columns.includes(answered)) this.of(answered).confused++;
    this.pairs.add([this.known(expected), this.known(answered)]);
  }

  /** Precision, recall and F1 of each label, the most frequent first. */
  table(): CountTable {
    const rows = [...this.counts]
      .sort(([, a], [, b]) => byFrequency(a, b))
      .map(([label, { expected, answered, right }]) => [
        shortened(label, longestName),
        expected,
        answered,
        share(right, answered),
        share(right, expected),
        share(2 * right, answered + expected),
      ]);
    return {
      name: 'labels',
      title: 'By label',
      ...(rows.length > tableRows && { note: `The ${tableRows} most frequent of ${rows.length}.` }),
      columns: ['label', 'expected', 'answered', 'precision', 'recall', 'F1'],
      rows: rows.slice(0, tableRows),
    };
  }

  /** What was taken for what most often. */
  pairTable(): CountTable {
    const mistakes = this.pairs.top(Number.POSITIVE_INFINITY).filter(({ thing: [a, b] }) => a !== b);
    return {
      name: 'confusions',
      title: 'Most frequent confusions',
      columns: ['expected', 'answered', 'times'],
      rows: mistakes
        .slice(0, 30)
        .map(({ thing: [a, b], count }) => [shortened(a, longestName), shortened(b, longestName), count]),
    };
  }

  /** The labels that are confused most, against each other. */
  matrix(): Confusions {
    const labels = [...this.counts.keys()];
    const shown = new Set(labels.sort((a, b) => this.of(b).confused - this.of(a).confused).slice(0, matrixLabels));
    const inOrder = [...shown].sort((a, b) => byFrequency(this.of(a), this.of(b)));
    const pairs = this.pairs.top(Number.POSITIVE_INFINITY);
    const expected = [...inOrder, ...this.nowhere.rows.filter((name) => pairs.some(({ thing }) => thing[0] === name))];
    const answered = [
      ...inOrder,
      ...this.nowhere.columns.filter((name) => pairs.some(({ thing }) => thing[1] === name)),
    ];
    const counts = expected.map(() => new Array<number>(answered.length).fill(0));
    for (const { thing, count } of pairs) {
      const [row, column] = [expected.indexOf(thing[0]), answered.indexOf(thing[1])];
      if (row >= 0 && column >= 0) counts[row]![column] = count;
    }
    const names = (list: readonly string[]) => list.map((label) => shortened(label, longestName));
    return {
      expected: names(expected),
      answered: names(answered),
      counts,
      omitted: this.counts.size - shown.size,
    };
  }

  private of(label: string): Counts {
    const known = this.known(label);
    let counts = this.counts.get(known);
    if (counts === undefined) {
      counts = { expected: 0, answered: 0, right: 0, confused: 0 };
      this.counts.set(known, counts);
    }
    return counts;
  }

  private known(label: string): string {
    if (this.counts.has(label) || this.counts.size < mostLabels) return label;
    const { rows, columns } = this.nowhere;
    return rows.includes(label) || columns.includes(label) ? label : otherLabels;
  }
}

const byFrequency = (a: Counts, b: Counts): number => b.expected - a.expected || b.answered - a.answered;

const share = (part: number, whole: number): number => (whole === 0 ? 0 : Number((part / whole).toFixed(4)));
