import type { Metrics } from '@zooid/common';
import { LEAST_LENGTH } from './decode/cuts.js';
import { decode } from './decode/decode.js';
import { joined, type SentenceExample } from './example.js';
import { type Gold, goldOf, IGNORED } from './labels.js';
import type { Mode } from './options.js';
import type { Reading } from './reading.js';
import type { SentenceConfig } from './sentence-config.js';
import type { Passage } from './text/passage.js';

/** A text and what the model says of its places. */
export interface ReadText {
  readonly passage: Passage;
  readonly reading: Reading;
}

/** Right, given and wanted ones. */
export interface Counts {
  right: number;
  given: number;
  wanted: number;
}

type Knowledge = Pick<SentenceConfig, 'modes' | 'marks' | 'thresholds' | 'options'>;

/** What one text adds to the scores of a mode; `undefined` where nobody knows what is right. */
interface TextCounts {
  readonly all: Counts;
  /** By class of mark, the class of none left out. */
  readonly byMark: readonly Counts[];
  readonly isExact: boolean;
}

/** What is to be found in a text. */
export function goldOfText(
  { passage }: ReadText,
  { pieces }: SentenceExample,
  { options }: Pick<Knowledge, 'options'>,
): Gold {
  return goldOf(passage, joined(pieces), options);
}

/**
 * `f1`, the mean of the modes; of `cut` precision, recall and F1 of the boundaries inside the texts and the share of texts without a
 * fault; of `punct` those of all marks (a mark is right when place and mark are) and of each mark. All at the model's thresholds
 * and, as `…At50`, at 0.5. The end of a text is left out: nobody could miss it. Modes without labels have no scores.
 */
export function sentenceMetrics(
  texts: readonly ReadText[],
  examples: readonly SentenceExample[],
  config: Knowledge,
): Metrics {
  const metrics: Record<string, number> = {};
  const f1s: number[] = [];
  for (const mode of config.modes) {
    const tuned = countsOf(texts, examples, config, mode, config.thresholds[mode]);
    if (tuned === undefined) continue;
    const scores = scoresOf(tuned.all);
    f1s.push(scores.F1);
    Object.assign(
      metrics,
      named(scores, (name) => `${mode}${name}`),
    );
    metrics[`${mode}ExactMatch`] = tuned.exact / tuned.texts;
    const even = scoresOf(countsOf(texts, examples, config, mode, 0.5)!.all);
    Object.assign(
      metrics,
      named(even, (name) => `${mode}${name}At50`),
    );
    for (const [i, counts] of tuned.byMark.entries()) {
      if (counts.wanted > 0)
        Object.assign(
          metrics,
          named(scoresOf(counts), (name) => `punct${name}/${config.marks[i]}`),
        );
    }
  }
  const f1 = f1s.reduce((sum, value) => sum + value, 0) / f1s.length;
  return Object.fromEntries(Object.entries({ f1, ...metrics }).filter(([, value]) => Number.isFinite(value)));
}

/** Of thresholds the one with the highest F1 on these texts; the one nearest to 0.5 of equals. */
export function bestThreshold(
  texts: readonly ReadText[],
  examples: readonly SentenceExample[],
  config: Knowledge,
  mode: Mode,
): number {
  const candidates = Array.from({ length: 47 }, (_, i) => (4 + 2 * i) / 100);
  candidates.sort((a, b) => Math.abs(a - 0.5) - Math.abs(b - 0.5) || a - b);
  let best = { threshold: 0.5, f1: Number.NEGATIVE_INFINITY };
  for (const threshold of candidates) {
    const counts = countsOf(texts, examples, config, mode, threshold);
    const f1 = counts === undefined ? 0 : scoresOf(counts.all).F1;
    if (f1 > best.f1) best = { threshold, f1 };
  }
  return best.threshold;
}

function countsOf(
  texts: readonly ReadText[],
  examples: readonly SentenceExample[],
  config: Knowledge,
  mode: Mode,
  threshold: number,
) {
  const total = { all: nothing(), byMark: (mode === 'punct' ? config.marks : []).map(nothing), exact: 0, texts: 0 };
  for (const [i, text] of texts.entries()) {
    const counts = remembered(text, examples[i]!, config, mode, threshold);
    if (counts === undefined) continue;
    add(total.all, counts.all);
    counts.byMark.forEach((mark, k) => {
      add(total.byMark[k]!, mark);
    });
    total.texts++;
    if (counts.isExact) total.exact++;
  }
  return total.texts === 0 ? undefined : total;
}

/** Resampling asks about the same texts again and again. */
const memory = new WeakMap<Reading, Map<string, TextCounts | undefined>>();

function remembered(text: ReadText, example: SentenceExample, config: Knowledge, mode: Mode, threshold: number) {
  const known = memory.get(text.reading) ?? new Map<string, TextCounts | undefined>();
  memory.set(text.reading, known);
  const key = `${mode} ${threshold}`;
  if (!known.has(key)) known.set(key, textCounts(text, example, config, mode, threshold));
  return known.get(key);
}

function textCounts(
  text: ReadText,
  example: SentenceExample,
  config: Knowledge,
  mode: Mode,
  threshold: number,
): TextCounts | undefined {
  const gold = goldOfText(text, example, config);
  const { passage, reading } = text;
  const { cuts, chosen } = decode(passage, reading, { mode, marks: config.marks, threshold, minLength: LEAST_LENGTH });
  return mode === 'cut'
    ? cutCounts(cuts, gold)
    : markCounts(new Map(chosen.map(({ place, mark }) => [place, mark])), gold, config);
}

function cutCounts(cuts: readonly number[], { cut, lostCuts }: Gold): TextCounts {
  const all = { right: 0, given: cuts.length, wanted: lostCuts };
  for (let place = 0; place < cut.length - 1; place++) all.wanted += cut[place]!;
  for (const place of cuts) all.right += cut[place]!;
  return { all, byMark: [], isExact: all.right === all.given && all.right === all.wanted };
}

function markCounts(found: ReadonlyMap<number, string>, gold: Gold, { marks }: Knowledge): TextCounts | undefined {
  const { punct, lostMarks } = gold;
  const byMark = marks.map((_, i) => ({ right: 0, given: 0, wanted: lostMarks[i + 1]! }));
  let known = 0;
  for (let place = 0; place < punct.length - 1; place++) {
    const wanted = punct[place]!;
    if (wanted === IGNORED) continue;
    known++;
    const given = 1 + marks.indexOf(found.get(place) ?? '');
    if (wanted > 0) byMark[wanted - 1]!.wanted++;
    if (given > 0) byMark[given - 1]!.given++;
    if (given > 0 && given === wanted) byMark[given - 1]!.right++;
  }
  if (known === 0) return undefined;
  const all = nothing();
  for (const counts of byMark) add(all, counts);
  return { all, byMark, isExact: all.right === all.given && all.right === all.wanted };
}

const nothing = (): Counts => ({ right: 0, given: 0, wanted: 0 });

function add(total: Counts, { right, given, wanted }: Counts): void {
  total.right += right;
  total.given += given;
  total.wanted += wanted;
}

function scoresOf({ right, given, wanted }: Counts) {
  const ratio = (a: number, b: number) => (b === 0 ? 0 : a / b);
  return { F1: ratio(2 * right, given + wanted), Precision: ratio(right, given), Recall: ratio(right, wanted) };
}

const named = (scores: Readonly<Record<string, number>>, nameOf: (name: string) => string): Record<string, number> =>
  Object.fromEntries(Object.entries(scores).map(([name, value]) => [nameOf(name), value]));
