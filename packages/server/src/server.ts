import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type Logger, silentLogger } from '@zooid/common';
import type { Kernel } from '@zooid/kernel';
import express, { type Express } from 'express';
import { Admission } from './admission.js';
import { ServerConfig } from './config.js';
import { dialectRoutes } from './dialects/dialects.js';
import { dispatch } from './dispatch.js';
import { createExpressServer } from './listener.js';
import { answerThrough } from './routes/answer.js';
import { appRoutes, type Examples } from './routes/app-routes.js';
import { collectionRoutes } from './routes/collection-routes.js';
import { documentRoutes } from './routes/document-routes.js';
import { probeRoutes, type ServerState } from './routes/probe-routes.js';
import type { Route } from './routes/route.js';

export interface ServerOptions {
  /** Only its endpoints are used; whoever created it disposes of it. */
  readonly kernel: Pick<Kernel, 'endpoints'>;
  /** Validated already. Default: every default. */
  readonly config?: ServerConfig;
  readonly logger?: Logger;
  /** An input per endpoint for the try-it form and the docs. */
  readonly examples?: Examples;
}

/** An HTTP server for what a kernel serves. */
export interface ZooidServer extends AsyncDisposable {
  readonly app: Express;
  readonly state: ServerState;
  /** Binds the address and starts to answer. @throws Error with the system's code, such as EADDRINUSE. */
  listen(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /**
   * Says unready, stops accepting, waits for requests in flight (at most `drainTimeoutMs`; then their connections are
   * cut and their work aborted). May be called again, also while it is under way.
   */
  close(): Promise<void>;
}

export function createServer(options: ServerOptions): ZooidServer {
  const { kernel, config = new ServerConfig(), logger = silentLogger, examples = {} } = options;
  let state: ServerState = 'starting';
  let closing: Promise<void> | undefined;
  const answer = answerThrough(new Admission(config.maxConcurrent, config.maxQueued));
  const routes: readonly Route[] = [
    ...appRoutes(kernel.endpoints, answer, examples),
    ...collectionRoutes(kernel.endpoints),
    ...dialectRoutes(kernel.endpoints, answer, () => state),
    ...probeRoutes(() => state),
    ...documentRoutes(kernel.endpoints, examples, () => routes),
  ];

  const app = express().disable('x-powered-by').disable('etag').set('query parser', false);
  dispatch(app, routes, { bodyLimitBytes: config.bodyLimitBytes, isDraining: () => state === 'draining', logger });
  const http = createExpressServer(app);
  http.requestTimeout = config.requestTimeoutMs;
  http.headersTimeout = Math.min(config.requestTimeoutMs, 10_000);

  const close = async () => {
    state = 'draining';
    if (!http.listening) return;
    const closed = once(http, 'close');
    http.close();
    http.closeIdleConnections();
    const cut = setTimeout(() => http.closeAllConnections(), config.drainTimeoutMs);
    await closed.finally(() => clearTimeout(cut));
  };
  return {
    app,
    get state() {
      return state;
    },
    async listen() {
      http.listen(config.port, config.host);
      await once(http, 'listening'); // rejects with the 'error' event
      state = 'ready';
      const { port, family, address } = http.address() as AddressInfo;
      const host = family === 'IPv6' ? `[${address}]` : address;
      return { host: address, port, url: `http://${host}:${port}` };
    },
    close: () => {
      closing ??= close();
      return closing;
    },
    [Symbol.asyncDispose]: () => {
      closing ??= close();
      return closing;
    },
  };
}
