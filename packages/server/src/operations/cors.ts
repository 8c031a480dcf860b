import { writeReply } from '../write-reply.js';
import type { Guard } from './guard.js';
import type { CorsConfig } from './settings.js';

const allowedHeaders =
  'authorization, content-type, x-api-key, x-request-id, x-request-timeout-ms, traceparent, tracestate';
const exposedHeaders = 'x-request-id, server-timing, retry-after, ratelimit, ratelimit-policy';

/**
 * Lets pages of the named origins call, and answers their preflights, which carry no key. Keys travel in headers and
 * never in cookies, so `access-control-allow-credentials` is not sent.
 */
export function cors({ origins, maxAgeSeconds }: CorsConfig): Guard {
  const anyone = origins.includes('*');
  const named = new Set(origins);
  return ({ request, response, record }) => {
    const { origin } = request.headers;
    if (!anyone) response.vary('origin');
    if (origin === undefined || !(anyone || named.has(origin))) return;
    response.setHeader('access-control-allow-origin', anyone ? '*' : origin);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      response.setHeader('access-control-expose-headers', exposedHeaders);
      return;
    }
    const headers = {
      'access-control-allow-methods': 'GET, PUT, POST, DELETE',
      'access-control-allow-headers': allowedHeaders,
      'access-control-max-age': String(maxAgeSeconds),
    };
    writeReply(response, record, { status: 204, headers });
    return 'answered';
  };
}
