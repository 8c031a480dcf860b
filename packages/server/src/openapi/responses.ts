import { STATUS_CODES } from 'node:http';
import { problemDetails } from '../routes/error-form.js';
import type { Route, Success } from '../routes/route.js';

/** What stands before the routes of this server. */
export interface Guards {
  /** A key is asked for, except where a route is open. */
  readonly asksForKeys: boolean;
  /** Requests of an address or a key are counted. */
  readonly countsRequests: boolean;
}

/** Every answer a route can give, by status. */
export function responses(route: Route, guards: Guards): Record<string, object> {
  const own: Record<string, object> = {};
  for (const success of route.successes) {
    const { content, ...rest } = (own[success.status] as { content?: object; description?: string } & object) ?? {};
    own[success.status] = { ...rest, ...describe(success, rest.description, content) };
  }
  for (const status of refusals(route, guards)) own[status] ??= refusal(route, status);
  return own;
}

/** One answer, beside what was said of the same status in another media type. */
function describe({ description, type, schema }: Success, before: string | undefined, content: object | undefined) {
  const media = type === undefined ? {} : { [type]: schema === undefined ? {} : { schema } };
  const all = { ...content, ...media };
  return {
    description: before === undefined ? description : `${before}. ${description}`,
    ...(Object.keys(all).length > 0 && { content: all }),
  };
}

/** Statuses of errors: its own, and those that what stands before it or around it gives. */
function refusals({ method, problems, always, open, requestSchema }: Route, guards: Guards): readonly number[] {
  const isGuarded = open !== true;
  const statuses = [
    ...problems,
    400, // X-Request-Timeout-Ms may be malformed wherever it is sent
    ...(guards.asksForKeys && isGuarded ? [401] : []),
    ...(requestSchema === undefined ? [] : [408]),
    // Checking keys may be overloaded, too.
    ...((guards.countsRequests || guards.asksForKeys) && isGuarded ? [429] : []),
    500,
    ...(always === true ? [] : [503]),
    ...(method === 'GET' ? [] : [504]),
  ];
  return [...new Set(statuses)].sort((a, b) => a - b);
}

const retryAfter = {
  'Retry-After': { description: 'Seconds to wait before another try', schema: { type: 'string' } },
};

function refusal({ errorForm: { name, description, mediaType } = problemDetails }: Route, status: number): object {
  return {
    description: `${STATUS_CODES[status]}. ${description}`,
    ...((status === 429 || status === 503) && { headers: retryAfter }),
    content: { [mediaType]: { schema: { $ref: `#/components/schemas/${name}` } } },
  };
}

/** How a key is sent: any one of these. */
export const securitySchemes = {
  bearer: { type: 'http', scheme: 'bearer', description: 'An API key of this server' },
  apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
} as const;

/** What all operations ask for. */
export const security: readonly object[] = Object.keys(securitySchemes).map((name) => ({ [name]: [] }));
