import { createServer, IncomingMessage, type Server, ServerResponse } from 'node:http';
import type { Express } from 'express';

/**
 * An HTTP server for `app` whose requests and responses are born with Express's prototypes. Express otherwise swaps
 * the prototype of both on every request, which costs V8 their optimised shape: measured with a trivial handler on
 * Express 5.3, 7–10 k requests a second against 38 k this way.
 */
export function createExpressServer(app: Express): Server {
  return createServer(
    {
      IncomingMessage: bornAs(IncomingMessage, app.request),
      ServerResponse: bornAs(ServerResponse, app.response),
    },
    app,
  );
}

/** `Base`, but instances get `prototype`, which inherits from `Base.prototype` itself. */
function bornAs<T extends typeof IncomingMessage | typeof ServerResponse>(Base: T, prototype: object): T {
  function Born(...args: unknown[]): object {
    return Reflect.construct(Base, args, Born) as object;
  }
  Born.prototype = prototype;
  return Born as unknown as T;
}
