import { ValidationError } from '@zooid/common';

/**
 * How many labels a classifier's `config.json` has: the entries of `id2label`, else `num_labels`, else 2 as in Hugging
 * Face.
 *
 * @throws ValidationError when neither can be used.
 */
export function labelCount(config: Readonly<Record<string, unknown>>): number {
  const { id2label, num_labels: count } = config;
  const entries =
    typeof id2label === 'object' && id2label !== null && !Array.isArray(id2label)
      ? Object.keys(id2label).length
      : undefined;
  const labels = entries ?? count ?? 2;
  if (!Number.isSafeInteger(labels) || (labels as number) < 1) {
    throw new ValidationError('config.json', [
      {
        path: entries === undefined ? '/num_labels' : '/id2label',
        message: `must tell at least one label, got ${JSON.stringify(labels)}`,
      },
    ]);
  }
  return labels as number;
}
