import { ZooidError } from '@zooid/common';

/** Codes of refusals that are about HTTP itself rather than about an app. */
export type RequestErrorCode =
  | 'MALFORMED_JSON'
  | 'MALFORMED_URL'
  | 'ROUTE_NOT_FOUND'
  | 'ENTRY_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'BODY_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'REQUEST_ABORTED'
  | 'OVERLOADED'
  | 'DRAINING';

/** A request the server refuses before an app sees it. */
export class RequestError extends ZooidError {
  constructor(
    readonly code: RequestErrorCode,
    message: string,
    /** Headers the reply must carry: `allow`, `accept`, `retry-after`. */
    readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
