/** What travels between a {@link WorkerClient} and the code behind `serveWorker`. */
export interface CallMessage {
  readonly id: number;
  readonly method: string;
  readonly payload: unknown;
}

export type ReplyMessage =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly error: ErrorDetails };

export interface ErrorDetails {
  readonly message: string;
  readonly stack: string | undefined;
  readonly program: string | undefined;
}
