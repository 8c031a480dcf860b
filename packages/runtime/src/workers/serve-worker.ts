import { SessionError } from '../errors.js';
import type { CallMessage, ErrorDetails } from './messages.js';
import { workerPort } from './worker-port.js';

/** An answer and the buffers in it that may be moved instead of copied. */
export interface Answer {
  readonly value: unknown;
  readonly transfer?: readonly ArrayBuffer[];
}

export type Handlers = Readonly<Record<string, (payload: never) => Answer | Promise<Answer>>>;

/**
 * Answers the calls of a `WorkerClient`, one after another in the order of arrival. After `dispose` the port closes,
 * so that the worker ends by itself: ending it from outside while native code runs would abort the process.
 */
export function serveWorker(handlers: Handlers): void {
  const port = workerPort();
  const waiting: CallMessage[] = [];
  let busy = false;

  const begin = ([id, method, payload]: CallMessage): void => {
    busy = true;
    const finish = ({ value, transfer = [] }: Answer): void => {
      try {
        port.post([id, value], transfer);
        next(method);
      } catch (error) {
        fail(error);
      }
    };
    const fail = (error: unknown): void => {
      port.post([id, undefined, describe(error)], []);
      next(method);
    };
    try {
      const handler = handlers[method];
      if (handler === undefined) throw new Error(`Unknown method '${method}'`);
      const answer = handler(payload as never);
      if (answer instanceof Promise) answer.then(finish, fail);
      else finish(answer);
    } catch (error) {
      fail(error);
    }
  };
  const next = (done: string): void => {
    busy = false;
    if (done === 'dispose') {
      port.close();
      return;
    }
    const message = waiting.shift();
    if (message !== undefined) begin(message);
  };
  port.onCall((message) => {
    if (busy) waiting.push(message);
    else begin(message);
  });
}

function describe(error: unknown): ErrorDetails {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, stack, program: error instanceof SessionError ? error.program : undefined };
}
