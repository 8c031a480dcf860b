import { parentPort } from 'node:worker_threads';
import { SessionError } from '../errors.js';
import type { CallMessage, ErrorDetails, ReplyMessage } from './messages.js';

/** An answer and the buffers in it that may be moved instead of copied. */
export interface Answer {
  readonly value: unknown;
  readonly transfer?: readonly ArrayBuffer[];
}

export type Handlers = Readonly<Record<string, (payload: never) => Promise<Answer>>>;

/**
 * Answers the calls of a `WorkerClient`, one after another in the order of arrival. After `dispose` the port closes,
 * so that the worker ends by itself: ending it from outside while native code runs would abort the process.
 */
export function serveWorker(handlers: Handlers): void {
  const port = parentPort;
  if (port === null) throw new Error('This module runs in a worker thread');
  let tail = Promise.resolve();
  const answer = async ({ id, method, payload }: CallMessage): Promise<void> => {
    try {
      const handler = handlers[method];
      if (handler === undefined) throw new Error(`Unknown method '${method}'`);
      const { value, transfer = [] } = await handler(payload as never);
      port.postMessage({ id, ok: true, value } satisfies ReplyMessage, transfer);
    } catch (error) {
      port.postMessage({ id, ok: false, error: describe(error) } satisfies ReplyMessage);
    }
    if (method === 'dispose') port.close();
  };
  port.on('message', (message: CallMessage) => {
    tail = tail.then(() => answer(message));
  });
}

function describe(error: unknown): ErrorDetails {
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { message, stack, program: error instanceof SessionError ? error.program : undefined };
}
