/** What a {@link WorkerClient} sends to the code behind `serveWorker`. A list: it is cheaper to clone than an object. */
export type CallMessage = readonly [id: number, method: string, payload: unknown];

/** The answer to a call: a value, or an error. */
export type ReplyMessage = readonly [id: number, value: unknown, error?: ErrorDetails];

/** In place of the id of a call: the worker ends with this error. */
export const DYING = -1;

export interface ErrorDetails {
  readonly message: string;
  readonly stack: string | undefined;
  readonly program: string | undefined;
}
