import type { Route } from '../routes/route.js';
import type { ServerMetrics } from './server-metrics.js';

/** `GET /metrics`, in the text format Prometheus scrapes. @param isPublic Whether it is read without a key. */
export function metricsRoutes({ register }: ServerMetrics, isPublic: boolean): Route[] {
  return [
    {
      method: 'GET',
      path: '/metrics',
      id: 'getMetrics',
      summary: 'Counters, gauges and histograms for Prometheus',
      always: true,
      open: isPublic,
      successes: [{ status: 200, description: 'Text format 0.0.4', type: 'text/plain' }],
      problems: [504],
      handle: async () => ({
        status: 200,
        headers: { 'content-type': register.contentType },
        text: await register.metrics(),
      }),
    },
  ];
}
