import type { Metrics } from '@zooid/common';
import type { VariantReport } from '@zooid/spec';

type Loss = Pick<NonNullable<VariantReport['evaluation']>, 'metric' | 'value' | 'reference' | 'lostPoints'>;

/**
 * How much worse `actual` is by one metric, in hundredths of it. A value that is not a number is infinitely worse.
 *
 * @param wanted Default, and where there is none of that name: the first metric.
 */
export function lossOf(expected: Metrics, actual: Metrics, wanted?: string): Loss {
  const [first = ''] = Object.keys(expected);
  const metric = wanted !== undefined && wanted in expected ? wanted : first;
  const reference = expected[metric] ?? Number.NaN;
  const value = actual[metric] ?? Number.NaN;
  const lost = 100 * (/(loss|perplexity)$/i.test(metric) ? value - reference : reference - value);
  // Sums of a few thousandths are no loss that anybody measured.
  const lostPoints = Number.isNaN(lost) ? Number.POSITIVE_INFINITY : Math.round(1e6 * lost) / 1e6 + 0;
  return { metric, value, reference, lostPoints };
}
