/** How often a label was predicted rightly, wrongly, or missed. */
export interface Counts {
  truePositives: number;
  falsePositives: number;
  falseNegatives: number;
}

export interface PrecisionRecallF1 {
  readonly precision: number;
  readonly recall: number;
  readonly f1: number;
}

/** Scores of one label; `support` counts its gold occurrences. */
export interface LabelScores extends PrecisionRecallF1 {
  readonly support: number;
}

export const noCounts = (): Counts => ({ truePositives: 0, falsePositives: 0, falseNegatives: 0 });

/** Zero where a quotient has no denominator, as scikit-learn's default. */
export function scoresOf({ truePositives, falsePositives, falseNegatives }: Counts): LabelScores {
  const support = truePositives + falseNegatives;
  return {
    precision: ratio(truePositives, truePositives + falsePositives),
    recall: ratio(truePositives, support),
    f1: ratio(2 * truePositives, 2 * truePositives + falsePositives + falseNegatives),
    support,
  };
}

/** Three ways of averaging over labels, and the labels themselves. */
export interface AveragedScores {
  /** Every label counts alike. */
  readonly macro: PrecisionRecallF1;
  /** Every decision counts alike. */
  readonly micro: PrecisionRecallF1;
  /** Labels count by their support. */
  readonly weighted: PrecisionRecallF1;
  /** Sorted by label. */
  readonly perLabel: Readonly<Record<string, LabelScores>>;
}

export function averaged(counts: ReadonlyMap<string, Counts>): AveragedScores {
  const labels = [...counts.keys()].sort();
  const scores = labels.map((label) => scoresOf(counts.get(label)!));
  const total = noCounts();
  for (const { truePositives, falsePositives, falseNegatives } of counts.values()) {
    total.truePositives += truePositives;
    total.falsePositives += falsePositives;
    total.falseNegatives += falseNegatives;
  }
  const { precision, recall, f1 } = scoresOf(total);
  return {
    macro: mean(scores, () => 1),
    micro: { precision, recall, f1 },
    weighted: mean(scores, ({ support }) => support),
    perLabel: Object.fromEntries(labels.map((label, i) => [label, scores[i]!])),
  };
}

function mean(scores: readonly LabelScores[], weight: (scores: LabelScores) => number): PrecisionRecallF1 {
  const total = scores.reduce((sum, score) => sum + weight(score), 0);
  const of = (pick: (score: LabelScores) => number): number =>
    ratio(
      scores.reduce((sum, score) => sum + weight(score) * pick(score), 0),
      total,
    );
  return { precision: of((s) => s.precision), recall: of((s) => s.recall), f1: of((s) => s.f1) };
}

export const ratio = (part: number, whole: number): number => (whole === 0 ? 0 : part / whole);

/** The counts of `label`, created on first use. */
export function countsOf(counts: Map<string, Counts>, label: string): Counts {
  let found = counts.get(label);
  if (found === undefined) {
    found = noCounts();
    counts.set(label, found);
  }
  return found;
}
