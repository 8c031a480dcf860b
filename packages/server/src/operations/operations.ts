import type { Logger } from '@zooid/common';
import type { Express, Request, Response } from 'express';
import type { ServerConfig } from '../config.js';
import { ApiKeys, presentedKey } from './api-keys.js';
import { cors } from './cors.js';
import type { Guard, GuardedCall } from './guard.js';
import { urgencyOf } from './priority.js';
import { rateLimits } from './rate-limits.js';
import { requestIdOf } from './request-id.js';
import { keepRecord, RequestRecord, recordOf, tenths } from './request-record.js';
import { type HostMetrics, type Load, ServerMetrics } from './server-metrics.js';
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
  readonly host: HostMetrics;
  /** Whether the route at a path is answered without a key, and not counted. */
  readonly isOpen: (path: string) => boolean;
}

/** What stands before every route: ids, traces, logs, metrics, keys, limits. */
export class Operations implements Disposable {
  readonly metrics: ServerMetrics;
  private inFlight = 0;
  private readonly idle = new Set<() => void>();
  private readonly limits;
  private readonly guards: readonly Guard[];
  /** One listener for all responses. */
  private readonly onClose: (this: Response) => void;

  constructor(private readonly options: OperationsOptions) {
    const { config, load, host } = options;
    const { cors: corsConfig, keys } = config;
    this.metrics = new ServerMetrics(load, () => this.inFlight, host);
    this.limits = rateLimits(config.rateLimit, keys);
    const unlessOpen = (guard: Guard): Guard => {
      return (call) => (options.isOpen(call.path) ? undefined : guard(call));
    };
    const guards = [
      corsConfig.origins.length > 0 ? cors(corsConfig) : undefined,
      this.limits.perAddress && unlessOpen(this.limits.perAddress),
      keys.length > 0 ? unlessOpen(askForKey(new ApiKeys(keys))) : undefined,
      this.limits.perKey && unlessOpen(this.limits.perKey),
    ];
    this.guards = guards.filter((guard) => guard !== undefined);
    const end = this.end.bind(this);
    this.onClose = function () {
      end(this.req, this, recordOf(this.req)!);
    };
  }

  /** To be called before any route is registered. */
  install(app: Express): void {
    app.set('trust proxy', this.options.config.proxies.trusted);
    app.use((request, response, next) => this.receive(request, response, request.path, next));
  }

  /**
   * Takes a request in and asks every guard.
   *
   * @param next Called with what a guard refused the request with, if any; not at all when one has answered.
   */
  receive(request: Request, response: Response, path: string, next: (error?: unknown) => void): void {
    const { headers } = request;
    const record = new RequestRecord(requestIdOf(headers['x-request-id']), urgencyOf(headers.priority));
    keepRecord(record, request);
    this.inFlight++;
    const span = startSpan(request, record);
    record.span = span;
    response.on('close', this.onClose);
    if (this.guards.length === 0) span.run(next);
    else span.run(() => this.ask(0, { request, response, record, path }, next));
  }

  /** Resolves when no request is in flight. */
  whenIdle(): Promise<void> {
    return this.inFlight === 0 ? Promise.resolve() : new Promise((resolve) => this.idle.add(resolve));
  }

  [Symbol.dispose](): void {
    this.metrics[Symbol.dispose]();
    this.limits.dispose();
  }

  /** Asks the guards from the given one on, in turn. */
  private ask(from: number, call: GuardedCall, next: (error?: unknown) => void): void {
    try {
      for (let i = from; i < this.guards.length; i++) {
        const verdict = this.guards[i]!(call);
        if (verdict === 'answered') return;
        if (verdict !== undefined) return void verdict.then(() => this.ask(i + 1, call, next), next);
      }
    } catch (error) {
      next(error);
      return;
    }
    next();
  }

  private end({ method }: Request, response: Response, record: RequestRecord): void {
    const isAnswered = response.writableFinished;
    const status = isAnswered ? response.statusCode : callerLeft;
    this.inFlight--;
    if (this.inFlight === 0) for (const resolve of [...this.idle]) if (this.idle.delete(resolve)) resolve();
    if (!isAnswered) record.onLeft?.abort();
    this.metrics.observe(record, method, status);
    record.span?.end(record, status);
    if (this.options.config.log.access) this.log(record, method, status);
  }

  private log(record: RequestRecord, method: string, status: number): void {
    const { id, traceId, route, app, code, key, elapsedMs, queueMs, runMs } = record;
    const quiet = probes.includes(route) || route === metricsPath;
    const level = quiet ? 'debug' : status >= 500 ? 'error' : status >= 400 && status !== callerLeft ? 'warn' : 'info';
    const fields: Record<string, unknown> = { requestId: id };
    if (traceId !== undefined) fields.traceId = traceId;
    fields.method = method;
    fields.route = route;
    if (app !== '') fields.app = app;
    fields.status = status;
    if (code !== undefined) fields.code = code;
    if (key !== undefined) fields.key = key.name;
    fields.durationMs = tenths(elapsedMs);
    if (queueMs !== undefined) fields.queueMs = tenths(queueMs);
    if (runMs !== undefined) fields.runMs = tenths(runMs);
    this.options.logger[level](fields, 'request');
  }
}

/** Names whoever calls. */
function askForKey(keys: ApiKeys): Guard {
  return ({ request, record }) => {
    const found = keys.identify(presentedKey(request.headers));
    if (found instanceof Promise) {
      return found.then((key) => {
        record.key = key;
      });
    }
    record.key = found;
  };
}
