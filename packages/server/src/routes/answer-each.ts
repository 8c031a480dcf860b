import type { Endpoint } from '@zooid/kernel';
import type { Admission } from '../admission.js';
import { recordOf } from '../operations/request-record.js';
import type { ServerEvent } from '../sse/server-event.js';
import { type AnswerOptions, withRecord } from './answer.js';
import { asCompleted } from './as-completed.js';
import { type Envelope, relocate } from './envelope.js';
import { repoint } from './repoint.js';

/** Items of one request that are with the app at a time: enough for full batches, and what a slow reader holds up. */
const atOnce = 64;

/** Puts the items of one request to an app one by one, and tells of each as soon as it is answered. */
export type AnswerEach = (endpoint: Endpoint, envelope: Envelope, options: AnswerOptions) => AsyncIterable<ServerEvent>;

/**
 * As `answerThrough`: the same checks, limits and line, where a request is one, however many items it has. An `output` event
 * for each item, in the order of completion, then `done`. Items that newer content of the model answered, because it was
 * reloaded meanwhile, say so.
 */
export function answerEachThrough(admission: Admission): AnswerEach {
  return async function* (endpoint, envelope, options) {
    const { signal } = options;
    const record = recordOf(signal);
    try {
      record?.asked(endpoint.address);
      const { items, parameters, many } = endpoint.parse(envelope.inputs, envelope.parameters);
      const run = (index: number) =>
        endpoint
          .execute({ items: [items[index]!], parameters, many }, withRecord(options, record))
          .catch((error: unknown) => {
            throw repoint(error, (path) => path.replace(/^\/inputs\/0(?=\/|$)/, `/inputs/${index}`));
          });
      await admission.enter(signal);
      record?.admitted();
      try {
        let model: { readonly revision: string } | undefined;
        for await (const { index, value } of asCompleted(items.length, run, atOnce)) {
          model ??= value.model;
          const isNewer = value.model.revision !== model.revision;
          const data = { index, output: value.outputs[0], ...(isNewer && { model: value.model }) };
          yield { event: 'output', data };
        }
        yield { event: 'done', data: { model } };
      } finally {
        admission.leave();
        record?.answered();
      }
    } catch (error) {
      throw relocate(error, envelope);
    }
  };
}
