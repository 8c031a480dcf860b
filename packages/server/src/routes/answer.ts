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
 * @param loading Room for those that wait for a model to be loaded. They do so before they are in line, where they would
 * hold up all other apps.
 * @throws what `Endpoint.parse`, `Endpoint.execute` and `Admission.enter` throw, with pointers into `envelope`.
 */
export function answerThrough(admission: Admission, loading: Admission): Answer {
  return async (endpoint, envelope, options) => {
    try {
      const record = recordOf(options.signal);
      record?.asked(endpoint.address);
      const request = endpoint.parse(envelope.inputs, envelope.parameters);
      if (endpoint.state !== 'loaded') await whenLoaded(endpoint, loading, options.signal);
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

/** @throws EndpointUnloadedError, or what the load throws; RequestError `OVERLOADED` when too many wait. */
export async function whenLoaded(endpoint: Endpoint, room: Admission, signal: AbortSignal): Promise<void> {
  const turn = room.enter(signal);
  if (turn !== undefined) await turn;
  try {
    await endpoint.whileLoaded(() => {}, { signal });
  } finally {
    room.leave();
  }
}

/** The app is told how urgent the request is, and tells how long it waited for a forward pass. */
export function withRecord(options: AnswerOptions, record: RequestRecord | undefined): AnswerOptions {
  if (record === undefined) return options;
  const onQueued = (waitedMs: number) => record.queued(waitedMs);
  const { urgency } = record;
  // Nearly all requests are of this kind, and spreading objects is slow.
  if (urgency === undefined && options.onTokens === undefined) return { signal: options.signal, onQueued };
  return { ...options, ...(urgency !== undefined && { urgency }), onQueued };
}
