import type { Logger } from '@zooid/common';
import type { EventHub } from '@zooid/kernel';
import type { Express, Request, RequestHandler, Response } from 'express';
import type { ServerConfig } from '../config.js';
import { ApiKeys, presentedKey } from './api-keys.js';
import { cors } from './cors.js';
import { rateLimits } from './rate-limits.js';
import { requestIdOf } from './request-id.js';
import { keepRecord, RequestRecord, recordOf } from './request-record.js';
import { type Load, ServerMetrics } from './server-metrics.js';
import { startSpan } from './tracing.js';

/** Orchestrators ask these without a key, and often: they are logged at `debug`. */
const probes = ['/livez', '/readyz', '/startupz', '/v2/health/live', '/v2/health/ready'];
const metricsPath = '/metrics';

/** nginx's number for a caller that left before its answer. */
const callerLeft = 499;

export interface OperationsOptions {
  readonly config: ServerConfig;
  readonly logger: Logger;
  readonly load: () => Load;
  readonly events: EventHub | undefined;
}

/** What stands before every route: ids, traces, logs, metrics, keys, limits. */
export class Operations implements Disposable {
  readonly metrics: ServerMetrics;
  private inFlight = 0;
  private readonly idle = new Set<() => void>();
  private readonly limits;

  constructor(private readonly options: OperationsOptions) {
    const { config, load, events } = options;
    this.metrics = new ServerMetrics(load, () => this.inFlight, events);
    this.limits = rateLimits(config.rateLimit, config.keys);
  }

  /** To be called before any route is registered. */
  install(app: Express): void {
    const { cors: corsConfig, keys, metrics, proxies } = this.options.config;
    app.set('trust proxy', proxies.trusted);
    tellTiming(app);
    app.use((request, response, next) => this.observe(request, response, next));
    if (corsConfig.origins.length > 0) app.use(cors(corsConfig));
    const isOpen = (path: string) => probes.includes(path) || (path === metricsPath && metrics.public);
    const guards = [
      this.limits.perAddress,
      keys.length > 0 ? askForKey(new ApiKeys(keys)) : undefined,
      this.limits.perKey,
    ];
    for (const guard of guards) {
      if (guard !== undefined)
        app.use((request, response, next) => (isOpen(request.path) ? next() : guard(request, response, next)));
    }
  }

  /** Resolves when no request is in flight. */
  whenIdle(): Promise<void> {
    return this.inFlight === 0 ? Promise.resolve() : new Promise((resolve) => this.idle.add(resolve));
  }

  [Symbol.dispose](): void {
    this.metrics[Symbol.dispose]();
    this.limits.dispose();
  }

  private observe(request: Request, response: Response, next: () => void): void {
    const record = new RequestRecord(requestIdOf(request.headers['x-request-id']));
    keepRecord(record, request, response);
    response.setHeader('x-request-id', record.id);
    const span = startSpan(request, record);
    this.inFlight++;
    response.once('close', () => {
      const status = response.writableFinished ? response.statusCode : callerLeft;
      this.inFlight--;
      if (this.inFlight === 0) for (const resolve of [...this.idle]) if (this.idle.delete(resolve)) resolve();
      this.metrics.observe(record, request.method, status);
      span.end(record, status);
      if (this.options.config.log.access) this.log(record, request.method, status);
    });
    span.run(next);
  }

  private log(record: RequestRecord, method: string, status: number): void {
    const { id, traceId, route, app, code, key, elapsedMs, queueMs, runMs } = record;
    const quiet = probes.includes(route) || route === metricsPath;
    const level = quiet ? 'debug' : status >= 500 ? 'error' : status >= 400 && status !== callerLeft ? 'warn' : 'info';
    this.options.logger[level](
      {
        requestId: id,
        ...(traceId !== undefined && { traceId }),
        method,
        route,
        ...(app !== '' && { app }),
        status,
        ...(code !== undefined && { code }),
        ...(key !== undefined && { key: key.name }),
        durationMs: tenths(elapsedMs),
        ...(queueMs !== undefined && { queueMs: tenths(queueMs) }),
        ...(runMs !== undefined && { runMs: tenths(runMs) }),
      },
      'request',
    );
  }
}

const tenths = (milliseconds: number) => Math.round(milliseconds * 10) / 10;

function askForKey(keys: ApiKeys): RequestHandler {
  return async (request, response, next) => {
    const found = keys.identify(presentedKey(request.headers));
    const key = found instanceof Promise ? await found : found;
    const record = recordOf(response);
    if (record !== undefined) record.key = key;
    next();
  };
}

/** Every reply says where its time went, whoever writes its head: the responses of an Express app share a prototype. */
function tellTiming(app: Express): void {
  const { writeHead } = app.response;
  app.response.writeHead = function (this: Response, ...args: unknown[]) {
    const record = recordOf(this);
    if (record !== undefined && !this.headersSent) this.setHeader('server-timing', record.serverTiming);
    return Reflect.apply(writeHead, this, args) as Response;
  } as typeof writeHead;
}
