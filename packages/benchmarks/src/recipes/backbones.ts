import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { meanAndSd } from '@zooid/metrics';
import type { Benchmark } from '../benchmark.js';
import { rounded } from '../statistics.js';
import { inParallel, projectRoot, trainingKernel, trainRecipe } from './train-recipe.js';

interface Task {
  readonly name: string;
  readonly recipe: string;
  readonly metric: string;
  readonly backbone: 'bert-mini-zh' | 'bert-mini-en';
  /** Of the `train` section, for both; short, since a backbone is worth most where little can be trained. */
  readonly budget: string;
}

export const backboneTasks: readonly Task[] = [
  { name: 'cais', recipe: 'intent/cais', metric: 'accuracy', backbone: 'bert-mini-zh', budget: 'epochs=2' },
  {
    name: 'clinc150',
    recipe: 'intent/clinc150',
    metric: 'inScopeAccuracy',
    backbone: 'bert-mini-en',
    budget: 'epochs=3',
  },
  {
    name: 'fewclue-eprstmt',
    recipe: 'text-classification/eprstmt',
    metric: 'accuracy',
    backbone: 'bert-mini-zh',
    budget: 'epochs=20',
  },
  {
    name: 'csl-category',
    recipe: 'text-classification/csl-category',
    metric: 'accuracy',
    backbone: 'bert-mini-zh',
    budget: 'epochs=2',
  },
  {
    name: 'afqmc',
    recipe: 'text-classification/afqmc',
    metric: 'accuracy',
    backbone: 'bert-mini-zh',
    budget: 'maxSteps=300',
  },
];

const seeds = [1, 2, 3];
/** Mean gain that pre-training must bring over the tasks, in points. */
const wantedGain = 2;
/** Peak learning rates that either start may take; each task's is chosen on its dev split, with the first seed. */
const rates = [3e-4, 5e-4, 1e-3];
const starts = {
  scratch: () => ['encoder={ preset: mini }'],
  pretrained: (backbone: string) => [`model=${backbone}`, 'encoder='],
} as const satisfies Record<string, (backbone: string) => readonly string[]>;

type Start = keyof typeof starts;

/** One training run: percentages on the dev and the test split. */
interface Run {
  readonly dev: number;
  readonly test: number;
}

/**
 * The same recipe from scratch and from a backbone of ours: the same encoder, data, epochs and batches, the learning
 * rate chosen on the dev split for both. From scratch the vocabulary is the training split's, as for anyone who starts
 * without a backbone.
 */
export function backboneBenchmark(name: string, tasks: readonly Task[]): Benchmark {
  return {
    name,
    description: `${wantedGain} points over what pre-trained backbones gain on ${tasks.map((task) => task.name).join(', ')}, mean of ${seeds.length} seeds each`,
    target: 1,
    async run({ log }) {
      const missing = tasks.find(({ backbone }) => !existsSync(join(projectRoot, 'modelzoo', backbone)));
      if (missing !== undefined) {
        return { ratio: null, ok: false, details: { missing: `modelzoo/${missing.backbone}` } };
      }
      const kernel = await trainingKernel();
      const folder = await mkdtemp(join(tmpdir(), 'zooid-backbones-'));
      try {
        const train = async (task: Task, start: Start, rate: number, seed: number): Promise<Run> => {
          const settings = [
            `seed=${seed}`,
            `train.${task.budget}`,
            `train.learningRate=${rate}`,
            `train.headLearningRate=${rate}`,
            ...starts[start](join(projectRoot, 'modelzoo', task.backbone)),
          ];
          const output = join(folder, `${task.name}-${start}-${rate}-${seed}`);
          const run = await trainRecipe(kernel, task.recipe, settings, output);
          const [dev, test] = [100 * run.validation[task.metric]!, 100 * run.test[task.metric]!];
          log(
            `${task.name} ${start} at ${rate} seed ${seed}: ${test.toFixed(2)} (dev ${dev.toFixed(2)}) in ${rounded(run.seconds, 3)} s`,
          );
          return { dev, test };
        };
        const workers = Math.min(2, availableParallelism());
        const arms = tasks.flatMap((task) => (Object.keys(starts) as Start[]).map((start) => ({ task, start })));
        const [firstSeed, ...otherSeeds] = seeds;
        const tried = await inParallel(
          arms.flatMap(({ task, start }) =>
            rates.map((rate) => async () => ({ task, start, rate, ...(await train(task, start, rate, firstSeed!)) })),
          ),
          workers,
        );
        const chosen = arms.map(
          ({ task, start }) =>
            tried.filter((run) => run.task === task && run.start === start).toSorted((a, b) => b.dev - a.dev)[0]!,
        );
        const others = await inParallel(
          chosen.flatMap((arm) =>
            otherSeeds.map((seed) => async () => ({ arm, ...(await train(arm.task, arm.start, arm.rate, seed)) })),
          ),
          workers,
        );
        const of = (task: Task, start: Start) => {
          const arm = chosen.find((candidate) => candidate.task === task && candidate.start === start)!;
          const tests = [arm.test, ...others.filter((run) => run.arm === arm).map(({ test }) => test)];
          return { rate: arm.rate, ...meanAndSd(tests) };
        };
        const table = tasks.map((task) => {
          const [scratch, pretrained] = [of(task, 'scratch'), of(task, 'pretrained')];
          return {
            task: task.name,
            metric: task.metric,
            budget: task.budget,
            scratch: `${scratch.mean.toFixed(2)} ± ${scratch.sd.toFixed(2)}`,
            'scratch rate': scratch.rate,
            pretrained: `${pretrained.mean.toFixed(2)} ± ${pretrained.sd.toFixed(2)}`,
            'pretrained rate': pretrained.rate,
            gain: rounded(pretrained.mean - scratch.mean),
          };
        });
        const gain = table.reduce((sum, row) => sum + row.gain, 0) / table.length;
        const ratio = gain > 0 ? rounded(wantedGain / gain) : null;
        const tries = tried.map(({ task, ...run }) => ({ task: task.name, ...run }));
        return {
          ratio,
          ok: ratio !== null && ratio <= 1,
          details: { seeds, rates, meanGain: rounded(gain), table, tries },
        };
      } finally {
        await rm(folder, { recursive: true, force: true });
        await kernel[Symbol.asyncDispose]();
      }
    },
  };
}
