import { type Issue, ValidationError } from '@zooid/common';
import { type AnswerContext, LimitError, pointer } from '@zooid/spec';

/** Upper bounds on one request, checked before anything else looks at it. */
export interface Limits {
  /** Items of one request. */
  readonly maxItems: number;
  /** UTF-16 units of any one string in it. */
  readonly maxTextLength: number;
  /** UTF-16 units of all strings in it together. */
  readonly maxTextTotal: number;
  /**
   * Tokens of any one item, special tokens included; default: what the app makes of long texts. An app that cuts texts to
   * what its model reads has done so before they are counted.
   */
  readonly maxTokens?: number;
}

export const defaultLimits: Limits = { maxItems: 1024, maxTextLength: 100_000, maxTextTotal: 1_000_000 };

/** A value inside the request and the way to it; the pointer is spelt out only when something is wrong. */
interface Place {
  readonly value: object;
  readonly key: string;
  readonly parent: Place | undefined;
}

/** Measures the text of one request, part by part. */
export class TextMeter {
  private total = 0;

  constructor(private readonly limits: Limits) {}

  /**
   * Adds the strings of `value`, which stands at the pointer `at`.
   *
   * @throws LimitError with a pointer to the first string that is too long, or to `/inputs` when all are together.
   */
  measure(value: unknown, at: string): void {
    if (typeof value === 'string') this.add(value, at, '', undefined);
    else if (typeof value === 'object' && value !== null) this.measureAll(value, at);
    const { maxTextTotal } = this.limits;
    if (this.total > maxTextTotal) {
      throw new LimitError('/inputs', 'UTF-16 units in all its texts so far', maxTextTotal, this.total);
    }
  }

  private measureAll(value: object, at: string): void {
    // A stack of our own: input may be nested deeper than the call stack is.
    const pending: Place[] = [{ value, key: '', parent: undefined }];
    for (let place = pending.pop(); place !== undefined; place = pending.pop()) {
      const container = place.value as Record<string, unknown>;
      for (const key of Object.keys(container)) {
        const child = container[key];
        if (typeof child === 'string') this.add(child, at, key, place);
        else if (typeof child === 'object' && child !== null) pending.push({ value: child, key, parent: place });
      }
    }
  }

  private add(text: string, at: string, key: string, parent: Place | undefined): void {
    const { maxTextLength } = this.limits;
    if (text.length > maxTextLength) {
      const path = parent === undefined ? at : pointer(pathTo(parent, at), key);
      throw new LimitError(path, 'UTF-16 units', maxTextLength, text.length);
    }
    this.total += text.length;
  }
}

/** A loop, not a recursion, for the same reason. */
function pathTo(place: Place, at: string): string {
  const keys: string[] = [];
  for (let step = place; step.parent !== undefined; step = step.parent) keys.push(step.key);
  return keys.reduceRight((path, key) => pointer(path, key), at);
}

/**
 * `context`, with the tokens of each item bounded as soon as the app has counted them, before its model runs.
 *
 * @param many Whether the request was a list, which pointers into it depend on.
 */
export function boundTokens(context: AnswerContext, { maxTokens }: Limits, many: boolean): AnswerContext {
  if (maxTokens === undefined) return context;
  return {
    ...context,
    onTokens: (count, perItem) => {
      if (perItem !== undefined) refuseManyTokens(perItem, maxTokens, many);
      context.onTokens?.(count, perItem);
    },
  };
}

function refuseManyTokens(perItem: readonly number[], maxTokens: number, many: boolean): void {
  const issues = perItem.flatMap((count, index): Issue[] => {
    if (count <= maxTokens) return [];
    const path = `${many ? pointer('/inputs', index) : '/inputs'}/text`;
    return [{ path, message: `has ${count} tokens, at most ${maxTokens} are allowed (limits.maxTokens); shorten it` }];
  });
  if (issues.length > 0) throw new ValidationError('request', issues);
}
