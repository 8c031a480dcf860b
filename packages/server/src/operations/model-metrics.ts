import type { LoadedModel } from '@zooid/kernel';
import { Gauge, type Registry } from 'prom-client';

/** One number of a loaded model; `undefined` where its backend does not tell. */
type Reading = (model: LoadedModel) => number | undefined;

const readings: readonly (readonly [name: string, help: string, read: Reading])[] = [
  ['zooid_model_memory_bytes', 'About how much memory a loaded model takes.', ({ bytes }) => bytes],
  ['zooid_model_workers', 'Workers of a loaded model.', ({ stats }) => stats?.workers.length],
  [
    'zooid_model_workers_busy',
    'Workers that run a pass now.',
    ({ stats }) => stats?.workers.filter(({ state }) => state === 'busy').length,
  ],
  ['zooid_model_workers_lost', 'Workers that do not answer and cannot be ended.', ({ stats }) => stats?.lost],
  ['zooid_model_passes_waiting', 'Passes that wait for a worker.', ({ stats }) => stats?.waiting],
  ['zooid_model_passes', 'Passes since the model was loaded.', ({ stats }) => stats?.completed],
  ['zooid_model_passes_failed', 'Passes that failed since the model was loaded.', ({ stats }) => stats?.failed],
  ['zooid_model_passes_timed_out', 'Passes that took too long.', ({ stats }) => stats?.timedOut],
  ['zooid_model_passes_retried', 'Passes begun again after a worker died.', ({ stats }) => stats?.retried],
  ['zooid_model_workers_replaced', 'Workers that took the place of dead ones.', ({ stats }) => stats?.replaced],
  ['zooid_model_workers_recycled', 'Workers that took the place of old ones.', ({ stats }) => stats?.recycled],
];

/**
 * What the loaded models tell of their workers, read at each scrape. All are gauges, also what only grows while a model is
 * loaded: a reload begins at 0.
 */
export function addModelMetrics(register: Registry, loaded: () => readonly LoadedModel[]): void {
  for (const [name, help, read] of readings) {
    new Gauge({
      name,
      help,
      labelNames: ['model'],
      registers: [register],
      collect() {
        this.reset();
        for (const model of loaded()) {
          const value = read(model);
          if (value !== undefined) this.set({ model: model.id }, value);
        }
      },
    });
  }
}
