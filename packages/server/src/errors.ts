import { ZooidError } from '@zooid/common';

/** Codes of refusals that are about HTTP itself rather than about an app. */
export type RequestErrorCode =
  | 'MALFORMED_JSON'
  | 'MALFORMED_URL'
  | 'MALFORMED_HEADER'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'LOAD_REFUSED'
  | 'ROUTE_NOT_FOUND'
  | 'ENTRY_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'BODY_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'REQUEST_ABORTED'
  | 'BODY_TIMEOUT'
  | 'RATE_LIMITED'
  | 'OVERLOADED'
  | 'DEADLINE_EXCEEDED'
  | 'DRAINING';

/** A request the server refuses before an app sees it. */
export class RequestError extends ZooidError {
  constructor(
    readonly code: RequestErrorCode,
    message: string,
    /** Headers the reply must carry: `allow`, `accept`, `retry-after`, `www-authenticate`. */
    readonly headers: Readonly<Record<string, string>> = {},
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
