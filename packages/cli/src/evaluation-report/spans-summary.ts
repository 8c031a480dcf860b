import type { LabelledSpan, SpansCase } from '@zooid/spec';
import { excerptAround, piecesOf, shortened } from './excerpt.js';
import type { Agreement, GroupReport, ShownCase, Summary } from './group-report.js';
import { LabelCounts } from './label-counts.js';
import { Tally } from './tally.js';

const longestText = 40;
const missed = '(missed)';
const otherEnds = '(other ends)';
const spurious = '(nothing)';

type Mistake = readonly [text: string, expected: string, answered: string];

/** Labelled spans: scores by label, and what each mistake consists of. */
export class SpansSummary implements Summary<SpansCase> {
  private readonly labels = new LabelCounts({ rows: [spurious], columns: [otherEnds, missed] });
  private readonly mistakes = new Tally<Mistake>();

  add({ text, ...sides }: SpansCase): Agreement {
    const expected = distinct(sides.expected);
    const answered = distinct(sides.answered);
    const rightOnes = agreeing(expected, answered);
    const isOpen = (span: LabelledSpan) => !rightOnes.has(identity(span));
    for (const { label } of expected) this.labels.expected(label);
    for (const { label } of answered) this.labels.answered(label);
    let right = 0;
    for (const span of expected) {
      if (isOpen(span)) continue;
      this.labels.right(span.label);
      right++;
    }
    const left = new Set(answered.filter(isOpen));
    for (const span of expected.filter(isOpen)) {
      const found = counterpart(span, left);
      if (found !== undefined) left.delete(found);
      const kind = found === undefined ? missed : found.label === span.label ? otherEnds : found.label;
      this.labels.confused(span.label, kind);
      this.mistakes.add([textOf(text, span), span.label, said(text, span, found)]);
    }
    for (const span of left) {
      this.labels.confused(spurious, span.label);
      this.mistakes.add([textOf(text, span), spurious, span.label]);
    }
    return { expected: expected.length, answered: answered.length, right };
  }

  show({ text, expected, answered }: SpansCase): Pick<ShownCase, 'expected' | 'answered'> {
    const rightOnes = agreeing(expected, answered);
    const mark = (span: LabelledSpan) => ({ ...span, right: rightOnes.has(identity(span)) });
    const sides = [expected.map(mark), answered.map(mark)] as const;
    const places = sides.flatMap((side) => side.filter(({ right }) => !right).map(({ start }) => start));
    const excerpt = excerptAround(text, places.length === 0 ? 0 : Math.min(...places));
    return { expected: piecesOf(text, excerpt, sides[0]), answered: piecesOf(text, excerpt, sides[1]) };
  }

  report(): Pick<GroupReport, 'tables' | 'confusions'> {
    const rows = this.mistakes
      .top(50)
      .map(({ thing: [text, expected, answered], count }) => [text, expected, answered, count]);
    const frequent = {
      name: 'mistakes',
      title: 'Most frequent mistakes',
      columns: ['text', 'expected', 'answered', 'times'],
      rows,
    };
    const tables = [this.labels.table(), this.labels.pairTable(), frequent];
    return { tables: tables.filter((table) => table.rows.length > 0), confusions: this.labels.matrix() };
  }
}

const identity = ({ start, end, label }: LabelledSpan): string => `${start}:${end}:${label}`;

/** As metrics count them. */
const distinct = (spans: readonly LabelledSpan[]): LabelledSpan[] => [
  ...new Map(spans.map((span) => [identity(span), span])).values(),
];

/** Spans of both sides, by start, end and label. */
function agreeing(expected: readonly LabelledSpan[], answered: readonly LabelledSpan[]): ReadonlySet<string> {
  const found = new Set(answered.map(identity));
  return new Set(expected.map(identity).filter((span) => found.has(span)));
}

/** The answer to a span that is not right: of those left, the one with the same ends, else the one that shares most text. */
function counterpart(span: LabelledSpan, left: ReadonlySet<LabelledSpan>): LabelledSpan | undefined {
  let best: LabelledSpan | undefined;
  let bestShared = 0;
  for (const other of left) {
    const hasSameEnds = other.start === span.start && other.end === span.end;
    const shared = hasSameEnds
      ? Number.POSITIVE_INFINITY
      : Math.min(other.end, span.end) - Math.max(other.start, span.start);
    if (shared <= bestShared) continue;
    best = other;
    bestShared = shared;
  }
  return best;
}

function said(text: string, span: LabelledSpan, found: LabelledSpan | undefined): string {
  if (found === undefined) return missed;
  const hasSameEnds = found.start === span.start && found.end === span.end;
  return hasSameEnds ? found.label : `${textOf(text, found)} ${found.label}`;
}

const textOf = (text: string, { start, end }: LabelledSpan): string => shortened(text.slice(start, end), longestText);
