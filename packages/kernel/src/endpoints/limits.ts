import { LimitError, pointer } from '@zooid/spec';

/** Upper bounds on one request, checked before anything else looks at it. */
export interface Limits {
  /** Items of one request. */
  readonly maxItems: number;
  /** UTF-16 units of any one string in it. */
  readonly maxTextLength: number;
}

export const defaultLimits: Limits = { maxItems: 1024, maxTextLength: 100_000 };

/** A value inside the request and the way to it; the pointer is spelt out only when something is wrong. */
interface Place {
  readonly value: object;
  readonly key: string;
  readonly parent: Place | undefined;
}

/** @throws LimitError with a pointer to the first string in `value` that is too long. */
export function refuseLongText(value: unknown, at: string, { maxTextLength }: Limits): void {
  // A stack of our own: input may be nested deeper than the call stack is.
  const pending: Place[] = [];
  const visit = (child: unknown, key: string, parent: Place | undefined) => {
    if (typeof child === 'object' && child !== null) pending.push({ value: child, key, parent });
    else if (typeof child === 'string' && child.length > maxTextLength) {
      const path = parent === undefined ? at : pointer(pathTo(parent, at), key);
      throw new LimitError(path, 'UTF-16 units', maxTextLength, child.length);
    }
  };
  visit(value, '', undefined);
  for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
    const container = place.value as Record<string, unknown>;
    for (const key of Object.keys(container)) visit(container[key], key, place);
  }
}

/** A loop, not a recursion, for the same reason. */
function pathTo(place: Place, at: string): string {
  const keys: string[] = [];
  for (let step = place; step.parent !== undefined; step = step.parent) keys.push(step.key);
  return keys.reduceRight((path, key) => pointer(path, key), at);
}
