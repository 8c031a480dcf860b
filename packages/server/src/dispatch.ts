import { setMaxListeners } from 'node:events';
import type { Logger } from '@zooid/common';
import type { Express, Request, RequestHandler, Response } from 'express';
import { readJson } from './body/read-json.js';
import { RequestError } from './errors.js';
import { deadlineOf, withDeadline } from './operations/deadline.js';
import { keepRecord, recordOf } from './operations/request-record.js';
import { toProblem } from './problem.js';
import { type ErrorForm, errorFormAt } from './routes/error-form.js';
import type { HttpMethod, Reply, Route } from './routes/route.js';
import { securityHeaders } from './security-headers.js';

export interface DispatchOptions {
  readonly bodyLimitBytes: number;
  /** Longest a request may take to its reply. */
  readonly deadlineMs: number;
  readonly isDraining: () => boolean;
  readonly logger: Logger;
}

/** Registers the route table with Express: methods, 405 and 404, and one way to answer and to fail. */
export function dispatch(app: Express, routes: readonly Route[], options: DispatchOptions): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const group = routes.filter((route) => route.path === path);
    const registered = app.route(path.replaceAll(/\{(\w+)\}/g, ':$1'));
    for (const route of group) registered[verbs[route.method]](answer(route, options));
    registered.all(refuseMethod(group));
  }
  app.use((request: Request) => {
    throw new RequestError('ROUTE_NOT_FOUND', `There is nothing at ${request.path}; see /openapi.json`);
  });
  const forms = new Set(routes.flatMap(({ errorForm = [] }) => errorForm));
  app.use(fail(forms, options.logger));
}

const verbs = { GET: 'get', PUT: 'put', POST: 'post', DELETE: 'delete' } as const satisfies Record<HttpMethod, string>;

function answer(route: Route, { bodyLimitBytes, deadlineMs, isDraining }: DispatchOptions): RequestHandler {
  return async (request, response) => {
    const gone = new AbortController();
    setMaxListeners(0, gone.signal); // every batch of a large request listens
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    const record = recordOf(response);
    if (record !== undefined) {
      record.route = route.path;
      keepRecord(record, gone.signal);
    }
    if (isDraining() && route.always !== true) {
      throw new RequestError('DRAINING', 'The server is shutting down', { 'retry-after': '5', connection: 'close' });
    }
    const body = (containers: number) => readJson(request, { bytes: bodyLimitBytes, containers });
    const parameters = request.params as Record<string, string>;
    const reply = await withDeadline(request, gone, deadlineOf(request, deadlineMs), () =>
      route.handle({ parameters, signal: gone.signal, body }),
    );
    if (isDraining()) response.setHeader('connection', 'close'); // or the kept connection would hold up the exit
    send(response, reply);
  };
}

function refuseMethod(group: readonly Route[]): RequestHandler {
  const methods = group.map(({ method }) => method as string);
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return (request, response) => {
    if (request.method === 'OPTIONS') return send(response, { status: 204, headers: { allow } });
    throw new RequestError('METHOD_NOT_ALLOWED', `${request.method} is not possible here; use ${allow}`, { allow });
  };
}

function fail(forms: ReadonlySet<ErrorForm>, logger: Logger) {
  // Express tells error handlers from others by their four parameters.
  return (error: unknown, request: Request, response: Response, _next: unknown): void => {
    const { problem, headers } = toProblem(error);
    const record = recordOf(response);
    if (record !== undefined) record.code = problem.code;
    if (problem.status === 500) {
      logger.error({ error, requestId: record?.id, method: request.method, route: record?.route }, 'request failed');
    }
    if (response.headersSent || response.destroyed) return void response.destroy();
    const form = errorFormAt(request.path, forms);
    send(response, { headers: { 'content-type': form.mediaType, ...headers }, ...form.write(problem) });
  };
}

function send(
  response: Response,
  { status, headers, json, text = json === undefined ? '' : JSON.stringify(json) }: Reply,
): void {
  if (response.destroyed) return;
  response.writeHead(status, {
    ...securityHeaders,
    ...(json !== undefined && { 'content-type': 'application/json; charset=utf-8' }),
    'cache-control': 'no-store',
    ...(status !== 204 && { 'content-length': Buffer.byteLength(text) }),
    ...headers,
  });
  response.end(text);
}
