import { type AveragedScores, averaged, type Counts, countsOf, ratio } from './counts.js';
import { assertSameLength } from './same-length.js';

/** Share of positions where gold and predicted are equal; NaN for none. */
export function accuracy(gold: ArrayLike<string | number>, predicted: ArrayLike<string | number>): number {
  assertSameLength('accuracy', gold, predicted);
  let correct = 0;
  for (let i = 0; i < gold.length; i++) if (gold[i] === predicted[i]) correct++;
  return correct / gold.length;
}

/** Rows are gold, columns predicted, both in the order of `labels`. */
export interface ConfusionMatrix {
  readonly labels: readonly string[];
  readonly counts: readonly (readonly number[])[];
}

/** @param labels order of rows and columns; labels that occur but are not named follow, sorted. */
export function confusionMatrix(
  gold: readonly string[],
  predicted: readonly string[],
  labels: readonly string[] = [],
): ConfusionMatrix {
  assertSameLength('confusion matrix', gold, predicted);
  const named = new Set(labels);
  const others = new Set([...gold, ...predicted].filter((label) => !named.has(label)));
  const order = [...named, ...[...others].sort()];
  const index = new Map(order.map((label, i) => [label, i]));
  const counts = order.map(() => new Array<number>(order.length).fill(0));
  for (const [i, label] of gold.entries()) counts[index.get(label)!]![index.get(predicted[i]!)!]!++;
  return { labels: order, counts };
}

export interface ClassificationScores extends AveragedScores {
  readonly accuracy: number;
}

/**
 * Precision, recall and F1 of single-label classification, per label and averaged. Labels that occur on either side
 * count; with one label per position, micro F1 equals accuracy.
 *
 * @see scikit-learn `classification_report` (`zero_division=0`)
 */
export function classificationScores(gold: readonly string[], predicted: readonly string[]): ClassificationScores {
  assertSameLength('classification scores', gold, predicted);
  const counts = new Map<string, Counts>();
  for (const [i, label] of gold.entries()) {
    const guess = predicted[i]!;
    if (label === guess) {
      countsOf(counts, label).truePositives++;
    } else {
      countsOf(counts, label).falseNegatives++;
      countsOf(counts, guess).falsePositives++;
    }
  }
  return { accuracy: accuracy(gold, predicted), ...averaged(counts) };
}

/**
 * Matthews correlation for any number of labels, in [-1, 1]; 0 when one side is constant.
 *
 * @see Gorodkin 2004, "Comparing two K-category assignments by a K-category correlation coefficient", eq. 8
 */
export function matthewsCorrelation(gold: readonly string[], predicted: readonly string[]): number {
  const { counts } = confusionMatrix(gold, predicted);
  const total = gold.length;
  let correct = 0;
  let products = 0;
  let goldSquares = 0;
  let predictedSquares = 0;
  for (const [k, row] of counts.entries()) {
    const asGold = row.reduce((sum, count) => sum + count, 0);
    const asPredicted = counts.reduce((sum, other) => sum + other[k]!, 0);
    correct += row[k]!;
    products += asGold * asPredicted;
    goldSquares += asGold ** 2;
    predictedSquares += asPredicted ** 2;
  }
  const spread = Math.sqrt((total ** 2 - predictedSquares) * (total ** 2 - goldSquares));
  return ratio(correct * total - products, spread);
}
