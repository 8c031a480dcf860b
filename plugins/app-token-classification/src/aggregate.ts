import { beginsSpan, type TagSet } from '@zooid/tagging';
import type { Decoder } from './decoder.js';
import type { AggregationStrategy } from './dto.js';

/** A text's tokens as they come out of the network. */
export interface ScoredTokens {
  /** `[tokens · labels]`, each row summing to 1. */
  readonly probabilities: Float64Array;
  /** Whether each token goes on with the word of the one before it; read by the strategies that label words. */
  readonly continuesWord: () => readonly boolean[];
}

/** Neighbouring tokens with one label or one type of span, both ends inclusive. */
export interface LabelledRun {
  readonly first: number;
  readonly last: number;
  /** The label of the first token or word. */
  readonly label: number;
  /** Mean over its tokens or words. */
  readonly score: number;
}

/** Labels tokens, or with `first`, `average` and `max` words, and with all but `none` joins those of one span. */
export function aggregate(
  tokens: ScoredTokens,
  strategy: AggregationStrategy,
  decoder: Decoder,
  tagSet: TagSet,
): LabelledRun[] {
  const { size } = tagSet;
  const count = tokens.probabilities.length / size;
  const starts = strategy === 'none' || strategy === 'simple' ? undefined : wordStarts(tokens.continuesWord());
  const units =
    starts === undefined
      ? tokens.probabilities
      : wordProbabilities(tokens.probabilities, starts, count, size, strategy);
  const { labels, scores } = decoder.decode(units);
  const firstOf = (unit: number) => (starts === undefined ? unit : (starts[unit] ?? count));
  const runs = Array.from(labels, (label, unit) => ({
    first: firstOf(unit),
    last: firstOf(unit + 1) - 1,
    label,
    score: scores[unit]!,
  }));
  return strategy === 'none' ? runs : joinSpans(runs, tagSet);
}

/** Token number of each word's first token; the first token begins a word whatever it looks like. */
function wordStarts(continues: readonly boolean[]): number[] {
  return continues.flatMap((goesOn, token) => (token === 0 || !goesOn ? [token] : []));
}

function wordProbabilities(
  probabilities: Float64Array,
  starts: readonly number[],
  count: number,
  size: number,
  strategy: AggregationStrategy,
): Float64Array {
  const result = new Float64Array(starts.length * size);
  starts.forEach((start, word) => {
    const end = starts[word + 1] ?? count;
    const out = result.subarray(word * size, (word + 1) * size);
    if (strategy === 'average') {
      for (let at = start * size; at < end * size; at++) out[at % size]! += probabilities[at]! / (end - start);
      return;
    }
    const token = strategy === 'first' ? start : surest(probabilities, start, end, size);
    out.set(probabilities.subarray(token * size, (token + 1) * size));
  });
  return result;
}

/** The token with the highest probability of any label; of equal ones the first. */
function surest(probabilities: Float64Array, start: number, end: number, size: number): number {
  let best = start;
  let highest = -1;
  for (let at = start * size; at < end * size; at++) {
    if (probabilities[at]! > highest) [highest, best] = [probabilities[at]!, Math.floor(at / size)];
  }
  return best;
}

function joinSpans(runs: readonly LabelledRun[], { tags }: TagSet): LabelledRun[] {
  const groups: LabelledRun[][] = [];
  runs.forEach((run, i) => {
    const begins = i === 0 || beginsSpan(tags[runs[i - 1]!.label]!, tags[run.label]!);
    if (begins) groups.push([run]);
    else groups.at(-1)!.push(run);
  });
  return groups.map((group) => ({
    first: group[0]!.first,
    last: group.at(-1)!.last,
    label: group[0]!.label,
    score: group.reduce((sum, { score }) => sum + score, 0) / group.length,
  }));
}
