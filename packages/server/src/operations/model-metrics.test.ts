import type { LoadedModel } from '@zooid/kernel';
import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { parseExposition } from '../__fixtures__/exposition.js';
import { addModelMetrics } from './model-metrics.js';

const worker = { state: 'busy', runs: 3, failures: 1, busyMs: 5 } as const;
const told: LoadedModel = {
  id: 'reviews',
  revision: 'r',
  uses: 1,
  bytes: 2048,
  stats: {
    workers: [worker, { ...worker, state: 'idle' }],
    waiting: 4,
    lost: 1,
    completed: 6,
    failed: 2,
    timedOut: 1,
    retried: 1,
    replaced: 2,
    recycled: 3,
  },
};

it('reads every loaded model at each scrape, as far as its backend tells', async () => {
  const register = new Registry();
  let loaded: readonly LoadedModel[] = [told, { id: 'silent', revision: 'r', uses: 0, bytes: 7 }];
  addModelMetrics(register, () => loaded);
  const scrape = async () =>
    Object.fromEntries(
      parseExposition(await register.metrics()).map(({ name, labels, value }) => [`${name} ${labels.model}`, value]),
    );
  expect(await scrape()).toEqual({
    'zooid_model_memory_bytes reviews': 2048,
    'zooid_model_memory_bytes silent': 7,
    'zooid_model_workers reviews': 2,
    'zooid_model_workers_busy reviews': 1,
    'zooid_model_workers_lost reviews': 1,
    'zooid_model_passes_waiting reviews': 4,
    'zooid_model_passes reviews': 6,
    'zooid_model_passes_failed reviews': 2,
    'zooid_model_passes_timed_out reviews': 1,
    'zooid_model_passes_retried reviews': 1,
    'zooid_model_workers_replaced reviews': 2,
    'zooid_model_workers_recycled reviews': 3,
  });
  loaded = [];
  expect(await scrape()).toEqual({});
});
