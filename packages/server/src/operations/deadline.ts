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

/** What a caller is told when the deadline has passed: 408 when its body was not there by then, else 504. */
export function deadlineError({ complete }: IncomingMessage, milliseconds: number): RequestError {
  if (complete) return new RequestError('DEADLINE_EXCEEDED', `There was no answer within ${milliseconds} ms`);
  const message = `The body did not arrive within ${milliseconds} ms`;
  return new RequestError('BODY_TIMEOUT', message, { connection: 'close' });
}

/** Something that has to be done by a time. */
export interface Due {
  /** On the clock of `performance.now()`. */
  readonly dueAt: number;
  /** Where it stands among those that are watched; −1 when it is not. For {@link Deadlines} alone. */
  slot: number;
  /** Called once, up to {@link tickMs} late. */
  expire(): void;
}

const tickMs = 10;

/**
 * Watches over what is under way with one timer for all. A timer of Node's own for each request is made and thrown away
 * within a millisecond, which keeps the garbage collector busier than the requests do.
 */
export class Deadlines {
  private readonly pending: Due[] = [];
  private timer: NodeJS.Timeout | undefined;

  add(due: Due): void {
    due.slot = this.pending.push(due) - 1;
    this.timer ??= setInterval(() => this.tick(), tickMs).unref();
  }

  delete(due: Due): void {
    if (due.slot < 0) return;
    const last = this.pending.pop()!; // takes the place that becomes free
    if (last !== due) {
      this.pending[due.slot] = last;
      last.slot = due.slot;
    }
    due.slot = -1;
  }

  private tick(): void {
    if (this.pending.length === 0) {
      clearInterval(this.timer); // nobody is woken for nothing
      this.timer = undefined;
      return;
    }
    const now = performance.now();
    for (const due of this.pending.filter(({ dueAt }) => dueAt <= now)) {
      this.delete(due);
      due.expire();
    }
  }
}
