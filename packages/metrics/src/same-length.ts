import { ValidationError } from '@zooid/common';

/** Every metric compares position by position. @throws ValidationError when the two sides differ in length. */
export function assertSameLength(metric: string, gold: ArrayLike<unknown>, predicted: ArrayLike<unknown>): void {
  if (gold.length === predicted.length) return;
  const message = `must be as many as the gold ones (${gold.length}), got ${predicted.length}`;
  throw new ValidationError(metric, [{ path: '/predicted', message }]);
}
