import type { Route } from '../routes/route.js';
import type { ServerMetrics } from './server-metrics.js';

/** `GET /metrics`, in the text format Prometheus scrapes. */
export function metricsRoutes({ register }: ServerMetrics): Route[] {
  return [
    {
      method: 'GET',
      path: '/metrics',
      id: 'getMetrics',
      summary: 'Counters, gauges and histograms for Prometheus',
      always: true,
      successes: [{ status: 200, description: 'Text format 0.0.4', type: 'text/plain' }],
      problems: [],
      handle: async () => ({
        status: 200,
        headers: { 'content-type': register.contentType },
        text: await register.metrics(),
      }),
    },
  ];
}
