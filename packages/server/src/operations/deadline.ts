import type { IncomingMessage } from 'node:http';
import { RequestError } from '../errors.js';

const header = 'x-request-timeout-ms';

/**
 * How long a request may take, in milliseconds: what its `X-Request-Timeout-Ms` asks for, at most `limitMs`.
 *
 * @throws RequestError `MALFORMED_HEADER` unless the header is a positive whole number.
 */
export function deadlineOf({ headers }: IncomingMessage, limitMs: number): number {
  const asked = headers[header];
  if (asked === undefined) return limitMs;
  if (typeof asked !== 'string' || !/^[1-9]\d{0,8}$/.test(asked)) {
    throw new RequestError('MALFORMED_HEADER', 'X-Request-Timeout-Ms must be a whole number of milliseconds above 0');
  }
  return Math.min(Number(asked), limitMs);
}

/**
 * Waits for `work`, but not beyond the deadline: then `gone` is aborted, which ends the work where it can be ended, and
 * the caller is told at once.
 *
 * @throws RequestError `BODY_TIMEOUT` when the body had not arrived by then, else `DEADLINE_EXCEEDED`.
 */
export async function withDeadline<T>(
  request: IncomingMessage,
  gone: AbortController,
  milliseconds: number,
  work: () => Promise<T> | T,
): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      // First, or the work's own failure by the abort would be what the caller hears.
      reject(
        request.complete
          ? new RequestError('DEADLINE_EXCEEDED', `There was no answer within ${milliseconds} ms`)
          : new RequestError('BODY_TIMEOUT', `The body did not arrive within ${milliseconds} ms`, {
              connection: 'close',
            }),
      );
      gone.abort();
    }, milliseconds);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
