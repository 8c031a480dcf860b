import { setTimeout as sleep } from 'node:timers/promises';
import type { ServedProgram } from '../program/served-program.js';

/** The server at one moment. */
export interface Sample {
  /** Since the watch began. */
  readonly second: number;
  /** Resident memory of the server and its children. */
  readonly rssMiB: number;
  /** 99th percentile of the delays of the event loop since the sample before, in ms. */
  readonly lagP99Ms: number;
}

/** Takes a sample every second for so many seconds, and calls `each` with how many there are. */
export async function watch(
  server: ServedProgram,
  seconds: number,
  each: (sample: Sample) => void = () => {},
): Promise<Sample[]> {
  const samples: Sample[] = [];
  const began = performance.now();
  // What came before is not of this watch.
  await server.metric('nodejs_eventloop_lag_max_seconds');
  for (let second = 1; second <= seconds; second++) {
    await sleep(Math.max(0, began + 1000 * second - performance.now()));
    const lag = await server.metric('nodejs_eventloop_lag_p99_seconds');
    const sample = { second, rssMiB: server.rssMiB, lagP99Ms: 1000 * lag };
    samples.push(sample);
    each(sample);
  }
  return samples;
}
