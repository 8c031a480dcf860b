import type { Request } from 'express';
import { ipKeyGenerator, MemoryStore, rateLimit } from 'express-rate-limit';
import { RequestError } from '../errors.js';
import type { Guard } from './guard.js';
import { recordOf } from './request-record.js';
import type { ApiKeyConfig, RateLimitConfig } from './settings.js';

const windowMs = 60_000;

/** Counts requests in windows of a minute; `dispose` forgets them all. */
export interface RateLimits {
  /** Before keys are looked at; undefined when addresses are not counted. */
  readonly perAddress: Guard | undefined;
  /** After; undefined when no key has a limit. */
  readonly perKey: Guard | undefined;
  dispose(): void;
}

export function rateLimits({ perAddress, perKey }: RateLimitConfig, keys: readonly ApiKeyConfig[]): RateLimits {
  const stores: MemoryStore[] = [];
  const limiter = (
    identifier: string,
    limit: number | ((request: Request) => number),
    keyOf: (request: Request) => string,
    isExempt: (request: Request) => boolean,
  ): Guard => {
    const store = new MemoryStore();
    stores.push(store);
    const count = rateLimit({
      windowMs,
      limit,
      store,
      identifier,
      keyGenerator: keyOf,
      skip: isExempt,
      standardHeaders: 'draft-8',
      legacyHeaders: false,
      validate: false, // its checks print to the console; ours are in ServerConfig
      handler: (request, _response, next) => {
        const resetTime = (request as Request & { rateLimit?: { resetTime?: Date } }).rateLimit?.resetTime;
        const seconds = Math.max(1, Math.ceil(((resetTime?.getTime() ?? Date.now() + windowMs) - Date.now()) / 1000));
        next(
          new RequestError('RATE_LIMITED', `Too many requests in this minute (${identifier}); wait ${seconds} s`, {
            'retry-after': String(seconds),
          }),
        );
      },
    });
    return ({ request, response }) =>
      new Promise((resolve, reject) => {
        void count(request, response, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
      });
  };
  const limitOf = (key: ApiKeyConfig | undefined) => key?.requestsPerMinute ?? perKey;
  const keyOf = (request: Request) => recordOf(request)?.key;
  return {
    perAddress:
      perAddress === 0
        ? undefined
        : limiter(
            'per-address',
            perAddress,
            ({ ip = '' }) => ipKeyGenerator(ip),
            () => false,
          ),
    perKey: keys.some((key) => limitOf(key) > 0)
      ? limiter(
          'per-key',
          (request) => limitOf(keyOf(request)),
          (request) => keyOf(request)?.name ?? '',
          (request) => limitOf(keyOf(request)) === 0 || keyOf(request) === undefined,
        )
      : undefined,
    dispose: () => {
      for (const store of stores) store.shutdown();
    },
  };
}
