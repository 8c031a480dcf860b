import { Registry } from 'prom-client';
import { expect, it, vi } from 'vitest';
import { addProcessMetrics } from './process-metrics.js';

const delays = vi.hoisted(() => ({ p50: 0, p99: 0, max: 0 }));
vi.mock('node:perf_hooks', () => ({
  monitorEventLoopDelay: () => ({
    percentile: (q: number) => 1e6 * (q === 50 ? delays.p50 : delays.p99),
    get max() {
      return 1e6 * delays.max;
    },
    enable() {},
    disable() {},
    reset() {},
  }),
}));

async function lags(): Promise<unknown[]> {
  const register = new Registry();
  const end = addProcessMetrics(register);
  const metrics = await register.getMetricsAsJSON();
  end();
  const value = (name: string) => metrics.find((metric) => metric.name === name)?.values[0]?.value;
  return ['p50', 'p99', 'max'].map((name) => value(`nodejs_eventloop_lag_${name}_seconds`));
}

it('tells how late the event loop is, which is what its measure shows above the 10 ms between two looks', async () => {
  Object.assign(delays, { p50: 10.5, p99: 14, max: 60 });
  const [p50, p99, max] = (await lags()) as number[];
  expect([p50, p99, max].map((seconds) => Math.round(1e6 * seconds!))).toEqual([500, 4000, 50_000]);
  Object.assign(delays, { p50: 9.9, p99: 10, max: 10 }); // a look that comes early makes up for one that was late
  expect(await lags()).toEqual([0, 0, 0]);
  Object.assign(delays, { p50: Number.NaN, p99: Number.NaN, max: Number.NaN }); // nothing was measured yet
  expect(await lags()).toEqual([0, 0, 0]);
});
