import { setTimeout as sleep } from 'node:timers/promises';
import type { ServedProgram } from '../program/served-program.js';

/** The server at one moment. */
export interface Sample {
  /** Since the watch began. */
  readonly second: number;
  /** Resident memory of the server and its children. */
  readonly rssMiB: number;
}

/** How late the server's event loop was during a watch, in milliseconds. */
export interface Lag {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/**
 * Takes a sample every second for so many seconds, and calls `each` with it. The lag is the server's own measure of the whole
 * time: it begins anew whenever its metrics are read, so nobody else may read them meanwhile.
 */
export async function watch(
  server: ServedProgram,
  seconds: number,
  each: (sample: Sample) => void,
): Promise<{ readonly samples: readonly Sample[]; readonly lag: Lag }> {
  const samples: Sample[] = [];
  const began = performance.now();
  await server.scrape();
  for (let second = 1; second <= seconds; second++) {
    await sleep(Math.max(0, began + 1000 * second - performance.now()));
    const sample = { second, rssMiB: server.rssMiB };
    samples.push(sample);
    each(sample);
  }
  const metrics = await server.scrape();
  const lag = (of: string) => 1000 * metrics.get(`nodejs_eventloop_lag_${of}_seconds`)!;
  return { samples, lag: { p50Ms: lag('p50'), p99Ms: lag('p99'), maxMs: lag('max') } };
}
