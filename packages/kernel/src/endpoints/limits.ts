import { LimitError, pointer } from '@zooid/spec';

/** Upper bounds on one request, checked before anything else looks at it. */
export interface Limits {
  /** Items of one request. */
  readonly maxItems: number;
  /** UTF-16 units of any one string in it. */
  readonly maxTextLength: number;
}

export const defaultLimits: Limits = { maxItems: 1024, maxTextLength: 100_000 };

/** @throws LimitError with a pointer to the first string in `value` that is too long. */
export function refuseLongText(value: unknown, at: string, limits: Limits): void {
  if (typeof value === 'string') {
    if (value.length > limits.maxTextLength) {
      throw new LimitError(at, 'UTF-16 units', limits.maxTextLength, value.length);
    }
  } else if (typeof value === 'object' && value !== null) {
    // A stack of our own: input may be nested deeper than the call stack is.
    const pending: [unknown, string][] = [[value, at]];
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const [parent, path] = next;
      for (const [key, child] of Object.entries(parent as object)) {
        if (typeof child === 'string') refuseLongText(child, pointer(path, key), limits);
        else if (typeof child === 'object' && child !== null) pending.push([child, pointer(path, key)]);
      }
    }
  }
}
