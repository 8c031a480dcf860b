import { STATUS_CODES } from 'node:http';
import { type Issue, ZooidError } from '@zooid/common';
import { LimitError } from '@zooid/spec';

/**
 * The one table from error code to HTTP status. A code that is missing here is a fault of ours or of the machine, and
 * answers 500 without saying more.
 */
const statusOf: Readonly<Record<string, number>> = {
  MALFORMED_JSON: 400,
  MALFORMED_URL: 400,
  MALFORMED_HEADER: 400,
  REQUEST_ABORTED: 400,
  LOAD_REFUSED: 400,
  UNAUTHENTICATED: 401,
  FORBIDDEN: 403,
  ROUTE_NOT_FOUND: 404,
  ENTRY_NOT_FOUND: 404,
  NAME_UNKNOWN: 404,
  MODEL_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  BODY_TIMEOUT: 408,
  BODY_TOO_LARGE: 413,
  LIMIT_EXCEEDED: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  VALIDATION_FAILED: 422,
  OVERLOADED: 429,
  QUEUE_FULL: 429,
  RATE_LIMITED: 429,
  ABORTED: 503,
  DRAINING: 503,
  MODEL_UNLOADED: 503,
  ENDPOINT_UNLOADED: 503,
  MEMORY_BUDGET: 503,
  CLOSED: 503,
  DEADLINE_EXCEEDED: 504,
  RUN_TIMEOUT: 504,
};

/** RFC 9457 problem details. `code` and `errors` are extension members; `code` is stable, texts may improve. */
export interface Problem {
  readonly type: 'about:blank';
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  /** One entry per thing that is wrong; `pointer` is a JSON pointer into the request body. */
  readonly errors?: readonly { readonly pointer: string; readonly detail: string }[];
}

/**
 * Problem details for anything thrown, with the headers the reply needs. Only our own errors speak for themselves.
 *
 * @param secondsToDrain How long what is under way will take, for whoever finds a queue full. Default: 1.
 */
export function toProblem(
  error: unknown,
  secondsToDrain: () => number = () => 1,
): { problem: Problem; headers: Readonly<Record<string, string>> } {
  const known = fromExpress(error) ?? (ZooidError.is(error) ? error : undefined);
  const status = known === undefined ? 500 : (statusOf[known.code] ?? 500);
  const issues = known !== undefined && status < 500 ? issuesOf(known) : [];
  const problem: Problem = {
    type: 'about:blank',
    title: STATUS_CODES[status] ?? 'Error',
    status,
    detail: known === undefined || status === 500 ? 'The server failed to answer; its log says why' : known.message,
    code: known?.code ?? 'INTERNAL',
    ...(issues.length > 0 && { errors: issues.map(({ path, message }) => ({ pointer: path, detail: message })) }),
  };
  // Whoever is told to come back is told when.
  const seconds = status === 429 ? secondsToDrain() : 1;
  const retry: Record<string, string> = status === 429 || status === 503 ? { 'retry-after': String(seconds) } : {};
  return { problem, headers: { ...retry, ...headersOf(known) } };
}

interface Known {
  readonly code: string;
  readonly message: string;
}

/** The router throws plain errors with a `status` for percent-encodings that do not decode. */
function fromExpress(error: unknown): Known | undefined {
  if (!(error instanceof URIError)) return undefined;
  return { code: 'MALFORMED_URL', message: 'The address holds a percent-encoding that is not valid UTF-8' };
}

function issuesOf(error: object): readonly Issue[] {
  if (error instanceof LimitError) return [{ path: error.path, message: error.message }];
  return 'issues' in error && Array.isArray(error.issues) ? (error.issues as readonly Issue[]) : [];
}

function headersOf(error: object | undefined): Readonly<Record<string, string>> {
  if (error === undefined || !('headers' in error)) return {};
  return error.headers as Readonly<Record<string, string>>;
}
