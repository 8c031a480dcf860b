import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { meanAndSd } from '@zooid/metrics';
import type { Benchmark } from '../benchmark.js';
import { rounded } from '../statistics.js';
import { inParallel, trainingKernel, trainRecipe } from './train-recipe.js';

const seeds = [1, 2, 3];

/** A recipe trained with three seeds; the ratio is its test error over the error it may make. */
export function recipeBenchmark(name: string, recipe: string, metric: string, atLeast: number): Benchmark {
  return {
    name,
    description: `test error of appzoo/${recipe} (${metric}, mean of ${seeds.length} seeds) over the error allowed by ${metric} ≥ ${atLeast} %`,
    target: 1,
    async run({ log }) {
      const kernel = await trainingKernel();
      const folder = await mkdtemp(join(tmpdir(), `zooid-${name}-`));
      try {
        const runs = await inParallel(
          seeds.map((seed) => async () => {
            const run = await trainRecipe(kernel, recipe, [`seed=${seed}`], join(folder, String(seed)));
            log(`seed ${seed}: ${JSON.stringify(run.test)} in ${rounded(run.seconds, 3)} s`);
            return run;
          }),
          Math.min(2, availableParallelism()),
        );
        const { mean } = meanAndSd(runs.map(({ test }) => 100 * test[metric]!));
        const ratio = (100 - mean) / (100 - atLeast);
        const summary = Object.fromEntries(
          Object.keys(runs[0]!.test).map((key) => {
            const { mean, sd } = meanAndSd(runs.map(({ test }) => 100 * test[key]!));
            return [key, `${mean.toFixed(2)} ± ${sd.toFixed(2)}`];
          }),
        );
        return { ratio: rounded(ratio), ok: ratio <= 1, details: { seeds, test: summary, runs } };
      } finally {
        await rm(folder, { recursive: true, force: true });
        await kernel[Symbol.asyncDispose]();
      }
    },
  };
}
