import type { Logger } from '@zooid/common';
import type { Express, Request, Response } from 'express';
import type { ServerConfig } from '../config.js';
import { ApiKeys, presentedKey } from './api-keys.js';
import { cors } from './cors.js';
import type { Guard, GuardedCall } from './guard.js';
import { urgencyOf } from './priority.js';
import { rateLimits } from './rate-limits.js';
import { requestIdOf } from './request-id.js';
import { keepRecord, RequestRecord, tenths } from './request-record.js';
import { type HostMetrics, type Load, ServerMetrics } from './server-metrics.js';
import { type RequestSpan, startSpan } from './tracing.js';

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
    const record = new RequestRecord(requestIdOf(request.headers['x-request-id']));
    record.urgency = urgencyOf(request.headers.priority);
    keepRecord(record, request);
    keepRecord(record, response);
    this.inFlight++;
    const span = startSpan(request, record);
    response.on('close', () => this.end(request, response, record, span));
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

  private end({ method }: Request, response: Response, record: RequestRecord, span: RequestSpan): void {
    const isAnswered = response.writableFinished;
    const status = isAnswered ? response.statusCode : callerLeft;
    this.inFlight--;
    if (this.inFlight === 0) for (const resolve of [...this.idle]) if (this.idle.delete(resolve)) resolve();
    if (!isAnswered) record.onLeft?.abort();
    this.metrics.observe(record, method, status);
    span.end(record, status);
    if (this.options.config.log.access) this.log(record, method, status);
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
