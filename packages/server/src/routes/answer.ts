import type { Endpoint, EndpointAnswer } from '@zooid/kernel';
import type { AnswerContext } from '@zooid/spec';
import type { Admission } from '../admission.js';
import { type RequestRecord, recordOf } from '../operations/request-record.js';
import { type Envelope, relocate } from './envelope.js';

/** Objects and arrays of a request to an app: each is checked before the event loop's next turn, at up to 1 µs. */
export const maxContainers = 10_000;

/** What a request to an app is run with: its caller can leave. */
export type AnswerOptions = AnswerContext & { readonly signal: AbortSignal };

/** Puts one request to an app, whatever the dialect it came in. */
export type Answer = (endpoint: Endpoint, envelope: Envelope, options: AnswerOptions) => Promise<EndpointAnswer>;

/**
 * Every dialect's way to the apps: the same checks, the same limits, the same line to wait in.
 *
 * @throws what `Endpoint.parse`, `Endpoint.execute` and `Admission.enter` throw, with pointers into `envelope`.
 */
export function answerThrough(admission: Admission): Answer {
  return async (endpoint, envelope, options) => {
    try {
      const record = recordOf(options.signal);
      record?.asked(endpoint.address);
      const request = endpoint.parse(envelope.inputs, envelope.parameters);
      const turn = admission.enter(options.signal);
      if (turn !== undefined) await turn;
      try {
        record?.admitted();
        return await endpoint.execute(request, withRecord(options, record));
      } finally {
        admission.leave();
        record?.answered();
      }
    } catch (error) {
      throw relocate(error, envelope);
    }
  };
}

/** The app is told how urgent the request is, and tells how long it waited for a forward pass. */
export function withRecord(options: AnswerOptions, record: RequestRecord | undefined): AnswerOptions {
  if (record === undefined) return options;
  const context = { ...options, onQueued: (waitedMs: number) => record.queued(waitedMs) };
  return record.urgency === undefined ? context : { ...context, urgency: record.urgency };
}
