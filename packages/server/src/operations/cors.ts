import type { RequestHandler } from 'express';
import type { CorsConfig } from './settings.js';

const allowedHeaders =
  'authorization, content-type, x-api-key, x-request-id, x-request-timeout-ms, traceparent, tracestate';
const exposedHeaders = 'x-request-id, server-timing, retry-after, ratelimit, ratelimit-policy';

/**
 * Lets pages of the named origins call, and answers their preflights, which carry no key. Keys travel in headers and
 * never in cookies, so `access-control-allow-credentials` is not sent.
 */
export function cors({ origins, maxAgeSeconds }: CorsConfig): RequestHandler {
  const anyone = origins.includes('*');
  const named = new Set(origins);
  return (request, response, next) => {
    const { origin } = request.headers;
    if (!anyone) response.vary('origin');
    if (origin === undefined || !(anyone || named.has(origin))) return next();
    response.setHeader('access-control-allow-origin', anyone ? '*' : origin);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      response.setHeader('access-control-expose-headers', exposedHeaders);
      return next();
    }
    response
      .writeHead(204, {
        'access-control-allow-methods': 'GET, PUT, POST, DELETE',
        'access-control-allow-headers': allowedHeaders,
        'access-control-max-age': String(maxAgeSeconds),
      })
      .end();
  };
}
