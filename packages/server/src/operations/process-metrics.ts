import { monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, Gauge, type Registry } from 'prom-client';

/** How often the event loop is looked at, in milliseconds. */
const resolution = 10;

/** Node counts from one look to the next, so a loop that is on time shows the resolution: what is above it is lag. */
const lagSeconds = (nanoseconds: number) =>
  Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e9 - resolution / 1e3) : 0;

/**
 * Process and event loop, under the names that dashboards for Node know. The library's own collector is not used: it
 * starts observers that nothing ends, one set per server.
 *
 * @returns What ends the measuring.
 */
export function addProcessMetrics(register: Registry): () => void {
  const delay = monitorEventLoopDelay({ resolution });
  delay.enable();
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [register],
      collect() {
        this.set(read());
      },
    });
  new Counter({
    name: 'process_cpu_seconds_total',
    help: 'User and system time of all threads.',
    registers: [register],
    collect() {
      const { user, system } = process.cpuUsage();
      this.reset();
      this.inc((user + system) / 1e6);
    },
  });
  gauge('process_resident_memory_bytes', 'Resident memory.', () => process.memoryUsage.rss());
  gauge('process_start_time_seconds', 'When the process began, in seconds since 1970.', () =>
    Math.round(Date.now() / 1000 - process.uptime()),
  );
  gauge('nodejs_heap_size_used_bytes', 'Heap in use on the main thread.', () => process.memoryUsage().heapUsed);
  gauge('nodejs_eventloop_lag_p50_seconds', 'Median of the event loop lag since the last scrape.', () =>
    lagSeconds(delay.percentile(50)),
  );
  gauge('nodejs_eventloop_lag_p99_seconds', '99th percentile of the event loop lag since the last scrape.', () =>
    lagSeconds(delay.percentile(99)),
  );
  gauge('nodejs_eventloop_lag_max_seconds', 'Largest event loop lag since the last scrape.', () => {
    const largest = lagSeconds(delay.max);
    delay.reset(); // gauges are collected in the order they were added, so this comes last
    return largest;
  });
  return () => delay.disable();
}
