import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Logger } from '@zooid/common';
import type { Express, Request, RequestHandler, Response } from 'express';
import { RequestError } from './errors.js';
import { Exchange, type Terms } from './exchange.js';
import { Deadlines } from './operations/deadline.js';
import type { Operations } from './operations/operations.js';
import { recordOf } from './operations/request-record.js';
import { Outbox } from './outbox.js';
import { toProblem } from './problem.js';
import { RouteTable } from './route-table.js';
import { errorFormAt } from './routes/error-form.js';
import type { HttpMethod, Route } from './routes/route.js';
import { writeReply } from './write-reply.js';

export interface DispatchOptions extends Omit<Terms, 'refusal' | 'deadlines' | 'outbox'> {
  readonly operations: Operations;
  readonly logger: Logger;
  /** How long what is under way will take, in whole seconds. */
  readonly secondsToDrain: () => number;
}

/**
 * Registers the route table with Express, behind the operations: methods, 405 and 404, and one way to answer and to fail.
 *
 * @returns A listener that answers the same without the detour where a request is written plainly.
 */
export function dispatch(app: Express, routes: readonly Route[], options: DispatchOptions): RequestListener {
  const { operations } = options;
  const terms: Terms = {
    ...options,
    deadlines: new Deadlines(),
    outbox: new Outbox(),
    refusal: refusal(routes, options),
  };
  const refuse = (error: unknown, path: string, request: IncomingMessage, response: ServerResponse) => {
    const record = recordOf(request)!;
    writeReply(response, record, terms.refusal(error, path, request, record));
  };
  operations.install(app);
  for (const path of new Set(routes.map((route) => route.path))) {
    const group = routes.filter((route) => route.path === path);
    const registered = app.route(path.replaceAll(/\{(\w+)\}/g, ':$1'));
    for (const route of group) registered[verbs[route.method]](answer(route, terms));
    registered.all(refuseMethod(group));
  }
  app.use((request: Request) => {
    throw new RequestError('ROUTE_NOT_FOUND', `There is nothing at ${request.path}; see /openapi.json`);
  });
  // Express tells error handlers from others by their four parameters.
  app.use((error: unknown, request: Request, response: Response, _next: unknown) => {
    refuse(error, request.path, request, response);
  });

  const table = new RouteTable(routes);
  // Express hands on, past all that is registered, what it cannot take apart; its own page would be the answer.
  const refuseAddress = (request: IncomingMessage, response: ServerResponse) =>
    operations.receive(request as Request, response as Response, '/', () => {
      const error = new RequestError('MALFORMED_URL', 'The address of the request is not one');
      refuse(error, '/', request, response);
    });
  return (request, response) => {
    const match = table.find(request.method ?? '', request.url ?? '');
    if (match === undefined)
      return void app(request as Request, response as Response, () => refuseAddress(request, response));
    operations.receive(request as Request, response as Response, match.path, (error) => {
      if (error === undefined) new Exchange(match, request, response, recordOf(request)!, terms).start();
      else refuse(error, match.path, request, response);
    });
  };
}

const verbs = { GET: 'get', PUT: 'put', POST: 'post', DELETE: 'delete' } as const satisfies Record<HttpMethod, string>;

function answer(route: Route, terms: Terms): RequestHandler {
  return (request, response) => {
    const match = { route, path: request.path, parameters: request.params as Record<string, string> };
    new Exchange(match, request, response, recordOf(request)!, terms).start();
  };
}

function refuseMethod(group: readonly Route[]): RequestHandler {
  const methods = group.map(({ method }) => method as string);
  const allow = [...methods, ...(methods.includes('GET') ? ['HEAD'] : []), 'OPTIONS'].join(', ');
  return (request, response) => {
    if (request.method === 'OPTIONS') {
      return writeReply(response, recordOf(request)!, { status: 204, headers: { allow } });
    }
    throw new RequestError('METHOD_NOT_ALLOWED', `${request.method} is not possible here; use ${allow}`, { allow });
  };
}

function refusal(routes: readonly Route[], { logger, secondsToDrain }: DispatchOptions): Terms['refusal'] {
  const forms = new Set(routes.flatMap(({ errorForm = [] }) => errorForm));
  return (error, path, { method }, record) => {
    const { problem, headers } = toProblem(error, secondsToDrain);
    record.code = problem.code;
    if (problem.status === 500) {
      const { id: requestId, route } = record;
      logger.error({ error, requestId, method, route }, 'request failed');
    }
    const form = errorFormAt(path, forms);
    return { headers: { 'content-type': form.mediaType, ...headers }, ...form.write(problem) };
  };
}
