import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { meanAndSd } from '@zooid/metrics';
import type { Metrics } from '@zooid/spec';
import type { Benchmark } from '../benchmark.js';
import { inParallel, trainingKernel, trainRecipe } from '../recipes/train-recipe.js';
import { rounded } from '../statistics.js';

interface Setting {
  readonly key: string;
  readonly name: string;
  readonly overrides: readonly string[];
}

const plain = ['options.fusion=none', 'options.heads=0', 'options.granularityLoss=0'];

/** Each line adds to the one before it, but for the two models that know one granularity each. */
const settings: readonly Setting[] = [
  { key: 'fine', name: 'fine words alone, as the recipe', overrides: ['options.granularities={fine: words}'] },
  { key: 'coarse', name: 'coarse words alone, as the recipe', overrides: ['options.granularities={coarse: coarse}'] },
  { key: 'tag', name: 'both, by the tag alone', overrides: plain },
  { key: 'pairs', name: '+ pairs', overrides: plain.slice(1) },
  { key: 'attention', name: '+ attention', overrides: plain.slice(2) },
  { key: 'unified', name: '+ granularity loss = recipe', overrides: [] },
  { key: 'unc', name: '+ [unc] for a tenth of the tags', overrides: ['options.denoising={mode: replace, rate: 0.1}'] },
  {
    key: 'words',
    name: 'recipe + THUOCL as marks',
    overrides: ['data.resources={words: lexicons/thuocl}', 'options.lexicon.resources=[words]'],
  },
];
const columns = ['fineF1', 'coarseF1', 'fineOovRecall', 'coarseOovRecall'] as const;

const seeds = [1, 2, 3];
/** Of the recipe's ten: enough to tell settings apart, at a fifth of the time. */
const epochs = 2;
/** What one model for both may lose against a model for each, in points of F1. */
const mayLose = 0.3;

export const segmentationAblation: Benchmark = {
  name: 'segmentation-ablation',
  description: `points of word F1 that one model for both granularities loses on cws-ud-gsd (test, ${epochs} epochs, mean of ${seeds.length} seeds) against a model for each, on the worse of the two, over ${mayLose}`,
  target: 1,
  async run({ log, only }) {
    const kernel = await trainingKernel();
    const folder = await mkdtemp(join(tmpdir(), 'zooid-segmentation-'));
    try {
      const chosen = settings.filter(({ key }) => only === undefined || only.includes(key));
      const tasks = chosen.flatMap(({ key, overrides }) =>
        seeds.map((seed) => async () => {
          const output = join(folder, `${key}-${seed}`);
          const { test, seconds } = await trainRecipe(
            kernel,
            'segmentation/cws-ud-gsd',
            [`seed=${seed}`, `train.epochs=${epochs}`, ...overrides],
            output,
          );
          await rm(output, { recursive: true, force: true });
          log(`(${key}) seed ${seed}: ${JSON.stringify(test)} in ${rounded(seconds, 3)} s`);
          return { key, test };
        }),
      );
      const runs = await inParallel(tasks, Math.min(2, availableParallelism()));
      const of = (key: string) => runs.flatMap((run) => (run.key === key ? [run.test] : []));
      const losses = (['fine', 'coarse'] as const).map(
        (name) => mean(of(name), `${name}F1`) - mean(of('unified'), `${name}F1`),
      );
      const worst = Math.max(...losses);
      const ratio = Number.isFinite(worst) ? Math.max(0, worst) / mayLose : null;
      return {
        ratio: ratio === null ? null : rounded(ratio),
        ok: ratio !== null && ratio <= 1,
        details: {
          seeds,
          epochs,
          table: chosen.map(({ key, name }) => ({
            setting: name,
            ...Object.fromEntries(columns.map((column) => [column, shown(of(key), column)])),
          })),
        },
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
      await kernel[Symbol.asyncDispose]();
    }
  },
};

const percent = (runs: readonly Metrics[], metric: string): number[] =>
  runs.flatMap((test) => (test[metric] === undefined ? [] : [100 * test[metric]]));
const mean = (runs: readonly Metrics[], metric: string): number => meanAndSd(percent(runs, metric)).mean;

function shown(runs: readonly Metrics[], metric: string): string {
  const values = percent(runs, metric);
  if (values.length === 0) return '';
  const { mean, sd } = meanAndSd(values);
  return `${mean.toFixed(2)} ± ${sd.toFixed(2)}`;
}
