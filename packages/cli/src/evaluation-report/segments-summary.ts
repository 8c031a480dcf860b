import type { Segment, SegmentsCase } from '@zooid/spec';
import { alignedParts, type Difference } from './differences.js';
import { excerptAround, piecesOf, shortened } from './excerpt.js';
import type { Agreement, CountTable, GroupReport, ShownCase, Summary } from './group-report.js';
import { LabelCounts } from './label-counts.js';
import { Tally } from './tally.js';

/** Segments that are longer on average are sentences: hardly any occurs twice, but what stands around their ends does. */
const longestWords = 6;
/** Characters of segments that are counted as they are; longer ones say little in a table. */
const longestShown = 40;
const tableRows = 30;
/** Characters on either side of a boundary that say what stands there. */
const around = 2;

const noEnd = '(no end)';
const plainEnd = '(end)';

/** Words or sentences: what is joined, split and cut elsewhere, and which unknown words are missed. */
export class SegmentsSummary implements Summary<SegmentsCase> {
  private readonly joined = new Tally<Change>();
  private readonly split = new Tally<Change>();
  private readonly recut = new Tally<Change>();
  private readonly missedUnknown = new Tally<string>();
  private readonly missedEnds = new Tally<string>();
  private readonly addedEnds = new Tally<string>();
  private readonly unknown = { words: 0, missed: 0 };
  private readonly ends = new LabelCounts({ rows: [noEnd], columns: [noEnd] });
  private hasLabels = false;
  private segments = 0;
  private characters = 0;

  add({ text, expected, answered }: SegmentsCase): Agreement {
    const isLabelled = [...expected, ...answered].some(({ label }) => label !== undefined);
    this.segments += expected.length;
    let right = 0;
    for (const part of alignedParts(expected, answered)) {
      if (part.isRight) right++;
      else this.countMistake(text, part);
      if (isLabelled) this.countLabels(part);
      for (const { start, end, unknown } of part.expected) {
        this.characters += end - start;
        if (unknown !== true) continue;
        this.unknown.words++;
        if (part.isRight) continue;
        this.unknown.missed++;
        this.missedUnknown.add(shortened(text.slice(start, end), longestShown));
      }
    }
    return { expected: expected.length, answered: answered.length, right };
  }

  show({ text, expected, answered }: SegmentsCase): Pick<ShownCase, 'expected' | 'answered'> {
    const parts = [...alignedParts(expected, answered)];
    const wrong = parts.find(({ isRight }) => !isRight);
    const excerpt = excerptAround(text, (wrong?.expected[0] ?? wrong?.answered[0])?.start ?? 0);
    const ends = {
      expected: new Set(answered.map(({ end }) => end)),
      answered: new Set(expected.map(({ end }) => end)),
    };
    const side = (name: 'expected' | 'answered') => {
      const isWrong = (end: number) => end <= excerpt.to && !ends[name].has(end);
      const stretches = parts.flatMap(({ isRight, [name]: segments }) =>
        segments.map((segment) => ({ ...segment, right: isRight, ...(isWrong(segment.end) && { wrongEnd: true }) })),
      );
      return piecesOf(text, excerpt, stretches);
    };
    return { expected: side('expected'), answered: side('answered') };
  }

  report(): Pick<GroupReport, 'tables' | 'confusions'> {
    const { words, missed } = this.unknown;
    const note = words === 0 ? undefined : `${missed} of ${words} are missed.`;
    const ofWords = [
      changes('split', 'Split most often', this.split),
      changes('joined', 'Joined most often', this.joined),
      changes('recut', 'Cut elsewhere most often', this.recut),
    ];
    const ofSentences = [
      singles('endsMissed', 'Ends missed most often', 'text around it', this.missedEnds),
      singles('endsAdded', 'Ends that nobody expected, most often', 'text around it', this.addedEnds),
    ];
    const tables = [
      ...(this.characters > longestWords * this.segments ? ofSentences : ofWords),
      singles('unknownMissed', 'Words that training did not have, missed most often', 'word', this.missedUnknown, note),
      ...(this.hasLabels ? [{ ...this.ends.table(), name: 'ends', title: 'By what stands at the end' }] : []),
    ];
    return {
      tables: tables.filter(({ rows }) => rows.length > 0),
      ...(this.hasLabels && { confusions: this.ends.matrix() }),
    };
  }

  private countMistake(text: string, { expected, answered }: Difference): void {
    const wanted = new Set(expected.map(({ end }) => end));
    const found = new Set(answered.map(({ end }) => end));
    for (const end of wanted) if (!found.has(end)) this.missedEnds.add(surroundings(text, end));
    for (const end of found) if (!wanted.has(end)) this.addedEnds.add(surroundings(text, end));
    const change = [textsOf(text, expected), textsOf(text, answered)] as const;
    if (change.every(({ length }) => length <= longestShown)) this.tallyOf(expected, answered).add(change);
  }

  private tallyOf(expected: readonly Segment[], answered: readonly Segment[]): Tally<Change> {
    if (expected.length === 1 && answered.length > 1) return this.split;
    return expected.length > 1 && answered.length === 1 ? this.joined : this.recut;
  }

  private countLabels({ expected, answered }: Difference): void {
    this.hasLabels = true;
    const wanted = endsOf(expected);
    const found = endsOf(answered);
    for (const end of new Set([...wanted.keys(), ...found.keys()])) {
      this.countEnd(wanted.get(end) ?? noEnd, found.get(end) ?? noEnd);
    }
  }

  private countEnd(expected: string, answered: string): void {
    if (expected !== noEnd) this.ends.expected(expected);
    if (answered !== noEnd) this.ends.answered(answered);
    if (expected === answered) this.ends.right(expected);
    else this.ends.confused(expected, answered);
  }
}

/** Places where segments end, and with what. */
const endsOf = (segments: readonly Segment[]): ReadonlyMap<number, string> =>
  new Map(segments.map(({ end, label = plainEnd }) => [end, label]));

const textsOf = (text: string, segments: readonly Segment[]): string =>
  segments.map(({ start, end }) => text.slice(start, end)).join(' | ');

/** What was expected, what was answered. */
type Change = readonly [string, string];

function changes(name: string, title: string, tally: Tally<Change>): CountTable {
  const rows = tally.top(tableRows).map(({ thing: [expected, answered], count }) => [expected, answered, count]);
  return { name, title, ...noteOf(tally), columns: ['expected', 'answered', 'times'], rows };
}

function singles(name: string, title: string, column: string, tally: Tally<string>, note?: string): CountTable {
  const rows = tally.top(tableRows).map(({ thing, count }) => [thing, count]);
  return { name, title, ...(note === undefined ? noteOf(tally) : { note }), columns: [column, 'times'], rows };
}

const noteOf = ({ isExact }: { readonly isExact: boolean }): { readonly note?: string } =>
  isExact ? {} : { note: 'There are many different ones: rare ones may be missing, and counts too low.' };

function surroundings(text: string, place: number): string {
  const before = Array.from(text.slice(Math.max(0, place - 2 * around), place)).slice(-around);
  const after = Array.from(text.slice(place, place + 2 * around)).slice(0, around);
  return `${before.join('')} | ${after.join('')}`;
}
