import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { InferencePoolOptions } from '@zooid/runtime';
import type { HostEnvironment, LoadContext, Logger } from '@zooid/spec';
import type { OnnxBackendConfig } from './config.js';
import { logPoolEvents } from './log-pool-events.js';

/** Who hosts the pool. */
export interface Host {
  readonly environment: HostEnvironment;
  readonly logger: Logger;
}

/** How a model is to be run, as the configuration and the host say. */
export function poolOptions(
  config: OnnxBackendConfig,
  { environment, logger }: Host,
  model: { readonly id: string; readonly file: string; readonly context: LoadContext },
): InferencePoolOptions {
  const { mode, maxQueue, runTimeoutMs, recycleAfterRuns, isolation, isolate } = config;
  const { workers = config.workers, threads = config.threads, optimize = true } = model.context;
  return {
    model: model.file,
    mode,
    optimize,
    ...(workers !== undefined && { workers }),
    ...(threads !== undefined && { threads }),
    maxQueue,
    runTimeoutMs,
    recycleAfterRuns,
    isolation: isolate.includes(model.id) ? 'process' : isolation,
    sharedWeights: {
      mode: config.sharedWeights,
      folder: resolve(config.prepackedFolder ?? join(cacheFolder(environment), 'prepacked')),
      maxBytes: config.prepackedGB * 1e9,
    },
    onEvent: logPoolEvents(logger, model.id),
  };
}

/** Where this user's programs keep what can be made again. */
function cacheFolder({ ZOOID_CACHE, XDG_CACHE_HOME }: HostEnvironment): string {
  return ZOOID_CACHE || join(XDG_CACHE_HOME || join(homedir(), '.cache'), 'zooid');
}
