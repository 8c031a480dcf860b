import type { Dim, Shape } from './dtype.js';
import { TensorError } from './errors.js';

/** `[batch, 2, 768]`. */
export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Product of the dims; 1 for a scalar. @throws TensorError on a negative, fractional or unsafely large size. */
export function elementCount(dims: readonly number[]): number {
  let count = 1;
  for (const dim of dims) {
    if (!Number.isInteger(dim) || dim < 0) {
      throw new TensorError(`Dims must be whole numbers of at least 0, got ${formatShape(dims)}`);
    }
    count *= dim;
  }
  if (!Number.isSafeInteger(count))
    throw new TensorError(`A tensor of dims ${formatShape(dims)} has too many elements`);
  return count;
}

/** Whether every size is known now. */
export function isStaticShape(shape: Shape): shape is readonly number[] {
  return shape.every((dim) => typeof dim === 'number');
}

/** Dims whose name starts with `?` are anonymous: nothing is known about them, so they agree with everything. */
export function isAnonymousDim(dim: Dim): boolean {
  return typeof dim === 'string' && dim.includes('?');
}

/**
 * NumPy broadcasting of shapes that may be symbolic. A symbolic dim meets 1 and stays; meets a number above 1 and
 * becomes it (at run time it must be that number or 1); meets another name and is refused, unless one of the two is
 * anonymous (`?7`), which then gives way.
 *
 * @throws TensorError when the shapes cannot agree.
 */
export function broadcastShapes(...shapes: readonly Shape[]): Shape {
  return shapes.reduce((left, right) => {
    const rank = Math.max(left.length, right.length);
    return Array.from({ length: rank }, (_, i) => {
      const a = left[i - rank + left.length] ?? 1;
      const b = right[i - rank + right.length] ?? 1;
      const dim = broadcastDims(a, b);
      if (dim === undefined) {
        throw new TensorError(
          `Shapes ${formatShape(left)} and ${formatShape(right)} do not broadcast: ${a} against ${b} at axis ${i - rank}`,
        );
      }
      return dim;
    });
  }, []);
}

function broadcastDims(a: Dim, b: Dim): Dim | undefined {
  if (a === b || b === 1) return a;
  if (a === 1) return b;
  if (typeof a === 'number') return typeof b === 'number' ? undefined : a;
  if (typeof b === 'number') return b;
  if (isAnonymousDim(a)) return b;
  return isAnonymousDim(b) ? a : undefined;
}
