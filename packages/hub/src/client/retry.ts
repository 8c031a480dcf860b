import { setTimeout as sleep } from 'node:timers/promises';
import { AbortError } from '@zooid/common';

/** How patient we are with a Hub that fails. */
export interface RetryPolicy {
  /** Attempts in a row that may fail without any progress. */
  readonly attempts: number;
  /** Before the second attempt; doubles with each further one. */
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  /** Time that one request may spend waiting because the Hub asked for it (429). */
  readonly maxRateLimitWaitMs: number;
}

export const defaultRetryPolicy: RetryPolicy = {
  attempts: 5,
  firstDelayMs: 500,
  maxDelayMs: 15_000,
  maxRateLimitWaitMs: 300_000,
};

/**
 * Pause before attempt `attempt + 1`: exponential, of which a random half is left out so that many clients that failed
 * together do not come back together.
 */
export function backoffMs({ firstDelayMs, maxDelayMs }: RetryPolicy, attempt: number): number {
  const full = Math.min(maxDelayMs, firstDelayMs * 2 ** (attempt - 1));
  return Math.round(full * (0.5 + Math.random() / 2));
}

/** Milliseconds a response asks us to wait: `Retry-After` in seconds or as a date, or `t=` of the `RateLimit` header. */
export function requestedWaitMs(headers: Headers, now: number = Date.now()): number | undefined {
  const retryAfter = headers.get('retry-after')?.trim();
  if (retryAfter !== undefined && retryAfter !== '') {
    if (/^\d+(\.\d+)?$/.test(retryAfter)) return Number(retryAfter) * 1000;
    const date = Date.parse(retryAfter);
    if (!Number.isNaN(date)) return Math.max(0, date - now);
  }
  const seconds = /(?:^|[;,\s])t=(\d+)/.exec(headers.get('ratelimit') ?? '')?.[1];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}

/** @throws AbortError at once when `signal` fires. */
export async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  AbortError.throwIfAborted(signal);
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal });
  } catch (cause) {
    throw new AbortError(undefined, { cause });
  }
}
