import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Logger, silentLogger, ValidationError } from '@zooid/common';
import type { Kernel } from '@zooid/kernel';
import express, { type Express, type RequestHandler } from 'express';
import { Admission } from './admission.js';
import { ServerConfig } from './config.js';
import { dialectRoutes } from './dialects/dialects.js';
import { dispatch } from './dispatch.js';
import { createExpressServer } from './listener.js';
import { openApiDocument } from './openapi/document.js';
import type { Guards } from './openapi/responses.js';
import { writtenDocument } from './openapi/written-document.js';
import { configIssues, refuseInsecureBind } from './operations/binding.js';
import { manageGuard } from './operations/management.js';
import { metricsRoutes } from './operations/metrics-route.js';
import { Operations } from './operations/operations.js';
import { aliasRoutes } from './routes/alias-routes.js';
import { answerThrough } from './routes/answer.js';
import { answerEachThrough } from './routes/answer-each.js';
import { appRoutes, type Examples } from './routes/app-routes.js';
import { collectionRoutes } from './routes/collection-routes.js';
import { documentRoutes } from './routes/document-routes.js';
import { probeRoutes, type ServerState } from './routes/probe-routes.js';
import type { Route } from './routes/route.js';
import { boundPipelines, boundSlowClients } from './slow-clients.js';

export interface ServerOptions {
  /** Its endpoints are served, and its events and models, when given, counted; whoever created it disposes of it. */
  readonly kernel: Pick<Kernel, 'endpoints'> & Partial<Pick<Kernel, 'events' | 'models'>>;
  /** Validated already. Default: every default. */
  readonly config?: ServerConfig;
  readonly logger?: Logger;
  /** An input per endpoint for the try-it form and the docs. */
  readonly examples?: Examples;
}

/** An HTTP server for what a kernel serves. */
export interface ZooidServer extends AsyncDisposable {
  /** The whole application. To put it into one of your own, see {@link mount}. */
  readonly app: Express;
  readonly state: ServerState;
  /**
   * Binds the address and starts to answer.
   *
   * @throws InsecureBindError when the network reaches the address and nobody is asked for a key.
   * @throws Error with the system's code, such as EADDRINUSE.
   */
  listen(): Promise<{ readonly host: string; readonly port: number; readonly url: string }>;
  /**
   * Everything as a handler for an application that listens itself: `yours.use('/nlp', zooid.mount())`. It answers from
   * then on. Routes lie below the path it is mounted at; JSON that a body parser before it has read is taken as read.
   */
  mount(): RequestHandler;
  /**
   * Says unready, stops accepting, waits for requests in flight (at most `drainTimeoutMs`; then their connections are
   * cut and their work aborted). May be called again, also while it is under way.
   */
  close(): Promise<void>;
}

/** @throws ValidationError when parts of the configuration contradict each other. */
export function createServer(options: ServerOptions): ZooidServer {
  const { kernel, config = new ServerConfig(), logger = silentLogger, examples = {} } = options;
  const { models } = kernel;
  const issues = configIssues(config);
  if (issues.length > 0) throw new ValidationError('server', issues);
  let state: ServerState = 'starting';
  let refusing = false;
  let closing: Promise<void> | undefined;
  const admission = new Admission(config.maxConcurrent, config.maxQueued);
  const open = new Set<string>();
  const operations = new Operations({
    config,
    logger,
    load: () => admission.load,
    host: { events: kernel.events, loaded: models && (() => models.loaded()) },
    isOpen: (path) => open.has(path),
  });
  const answer = answerThrough(admission, new Admission(config.maxConcurrent + config.maxQueued, 0));
  const answerEach = answerEachThrough(admission);
  const routes: readonly Route[] = [
    ...appRoutes(kernel.endpoints, { answer, answerEach }, examples),
    ...collectionRoutes(kernel.endpoints),
    ...aliasRoutes(kernel.endpoints, config.manage),
    ...dialectRoutes(kernel.endpoints, answer, { state: () => state, manages: config.manage }),
    ...probeRoutes(() => state),
    ...(config.metrics.enabled ? metricsRoutes(operations.metrics, config.metrics.public) : []),
    ...documentRoutes(
      writtenDocument(
        () => openApiDocument(routes, kernel.endpoints, examples, guardsOf(config)),
        kernel.endpoints,
        examples,
      ),
    ),
  ];
  for (const route of routes) if (route.open === true) open.add(route.path);

  const app = express().disable('x-powered-by').disable('etag').set('query parser', false);
  const { bodyLimitBytes, deadlineMs, heartbeatMs } = config;
  const isDraining = () => refusing;
  const guardManagement = manageGuard(config);
  const secondsToDrain = () => admission.secondsToDrain;
  const terms = {
    bodyLimitBytes,
    deadlineMs,
    heartbeatMs,
    isDraining,
    guardManagement,
    operations,
    logger,
    secondsToDrain,
  };
  const listener = dispatch(app, routes, terms);
  const http = createExpressServer(app, boundPipelines(listener));
  boundSlowClients(http, config);

  const close = async () => {
    const wasServing = state === 'ready';
    state = 'draining';
    if (wasServing && config.unreadyDelayMs > 0) await sleep(config.unreadyDelayMs);
    refusing = true;
    if (http.listening) await closeListener(http, config.drainTimeoutMs);
    else await Promise.race([operations.whenIdle(), sleep(config.drainTimeoutMs, undefined, { ref: false })]);
    operations[Symbol.dispose]();
  };
  return {
    app,
    get state() {
      return state;
    },
    mount() {
      state = 'ready';
      return app;
    },
    async listen() {
      refuseInsecureBind(config);
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

/** What a caller has to reckon with. */
function guardsOf({ keys, rateLimit: { perAddress, perKey } }: ServerConfig): Guards {
  const countsRequests = perAddress > 0 || perKey > 0 || keys.some((key) => key.requestsPerMinute !== undefined);
  return { asksForKeys: keys.length > 0, countsRequests };
}

/** Stops accepting and waits for requests in flight; those that take longer are cut. */
async function closeListener(http: Server, drainTimeoutMs: number): Promise<void> {
  const closed = once(http, 'close');
  http.close();
  http.closeIdleConnections();
  const cut = setTimeout(() => http.closeAllConnections(), drainTimeoutMs);
  await closed.finally(() => clearTimeout(cut));
}
