import type { ServerEvent } from '../sse/server-event.js';
import type { ErrorForm } from './error-form.js';

/** JSON Schema, draft 2020-12, as OpenAPI 3.1 uses it. */
export type Schema = Readonly<Record<string, unknown>>;

export type HttpMethod = 'GET' | 'PUT' | 'POST' | 'DELETE';

/** What a route may know of the request it answers. */
export interface Call {
  /** Path parameters, percent-decoded. */
  readonly parameters: Readonly<Record<string, string>>;
  /** Whether the caller asks for a text/event-stream, by its Accept. */
  readonly wantsEvents: boolean;
  /** Fires when the caller disconnects before the reply is complete. */
  readonly signal: AbortSignal;
  /**
   * Reads the JSON body.
   *
   * @param containers Most objects and arrays it may hold.
   * @param lenient It may be left out, which is undefined then, and is taken for JSON whatever its type says.
   * @throws RequestError, or ValidationError for values no body may hold.
   */
  body(containers: number, lenient?: boolean): Promise<unknown>;
}

export interface Reply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Serialised as JSON; absent for 204. */
  readonly json?: unknown;
  /** Sent as text/event-stream, instead of a body. What fails before the first of them is told by its status. */
  readonly events?: AsyncIterable<ServerEvent>;
  /** Sent as it is, with the `content-type` of `headers`. */
  readonly text?: string;
}

/**
 * One line of the route table. The table drives three things that must not drift apart: what Express answers, which
 * methods a 405 names, and /openapi.json.
 */
export interface Route {
  readonly method: HttpMethod;
  /** OpenAPI path template: `/v1/apps/{name}`. */
  readonly path: string;
  /** Unique; OpenAPI's operationId. */
  readonly id: string;
  readonly summary: string;
  /** Answered also while the server drains, so that probes see the truth. */
  readonly always?: boolean;
  /** Answered without a key, and not counted. Its path has no parameters. */
  readonly open?: boolean;
  /** Changes what is served: not for everybody who may call. */
  readonly manages?: boolean;
  /** Asks an app, as urgently as the caller's Priority says. */
  readonly asksApp?: boolean;
  readonly requestSchema?: Schema;
  readonly successes: readonly Success[];
  /** Statuses of the errors that are its own; what any route may answer with is added where it is described. */
  readonly problems: readonly number[];
  /** How it tells them. Default: problem details. */
  readonly errorForm?: ErrorForm;
  handle(call: Call): Promise<Reply> | Reply;
}

export interface Success {
  readonly status: number;
  readonly description: string;
  /** Media type, when there is a body. */
  readonly type?: 'application/json' | 'text/html' | 'text/plain' | 'text/event-stream';
  readonly schema?: Schema;
}

export function json(status: number, value: unknown): Reply {
  return { status, json: value };
}
