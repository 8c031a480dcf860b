import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import appIntent from '@zooid/app-intent';
import appSegmentation from '@zooid/app-segmentation';
import appTextClassification from '@zooid/app-text-classification';
import backendOnnx from '@zooid/backend-onnx';
import { silentLogger } from '@zooid/common';
import datasetJsonl from '@zooid/dataset-jsonl';
import datasetTemplates from '@zooid/dataset-templates';
import { createKernel, type Kernel } from '@zooid/kernel';
import methodFineTune from '@zooid/method-fine-tune';
import type { Metrics } from '@zooid/spec';
import storeLocal from '@zooid/store-local';

export const projectRoot = fileURLToPath(new URL('../../../..', import.meta.url));

/** Where registered data is looked for: `$ZOOID_DATA`, then `../shared/data`. */
export const dataFolders = (): string[] =>
  [process.env.ZOOID_DATA, join(projectRoot, '../shared/data')].filter((folder) => folder !== undefined);

/** A kernel that trains, and finds registered data. */
export function trainingKernel(): Promise<Kernel> {
  return createKernel({
    plugins: [
      storeLocal,
      backendOnnx,
      datasetJsonl,
      datasetTemplates,
      methodFineTune,
      appIntent,
      appSegmentation,
      appTextClassification,
    ],
    config: { root: projectRoot, datasets: { folders: dataFolders() } },
  });
}

export interface RecipeRun {
  /** Metrics on the recipe's test split. */
  readonly test: Metrics;
  readonly validation: Metrics;
  readonly seconds: number;
}

/**
 * Trains a recipe of appzoo into `output`, as `zooid train` does.
 *
 * @param overrides `--set` values; one thread is added, because two small runs side by side beat one on two threads.
 */
export async function trainRecipe(
  kernel: Kernel,
  recipe: string,
  overrides: readonly string[],
  output: string,
): Promise<RecipeRun> {
  const started = performance.now();
  const prepared = await kernel.training.prepare(join(projectRoot, 'appzoo', recipe, 'recipe.yaml'), {
    output,
    overrides: ['train.threads=1', 'train.bootstrap=0', ...overrides],
  });
  await kernel.training.run(prepared, { logger: silentLogger, progress: () => {} });
  const manifest = JSON.parse(await readFile(join(output, 'zooid.json'), 'utf8')) as {
    readonly metrics: Readonly<Record<string, Metrics>>;
  };
  return {
    test: manifest.metrics.test ?? {},
    validation: manifest.metrics.validation ?? {},
    seconds: (performance.now() - started) / 1000,
  };
}

/** Runs tasks with at most `width` at a time; results keep their order. */
export async function inParallel<T>(tasks: readonly (() => Promise<T>)[], width: number): Promise<T[]> {
  const results = new Array<T>(tasks.length);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < tasks.length) {
      const i = next++;
      results[i] = await tasks[i]!();
    }
  };
  await Promise.all(Array.from({ length: width }, worker));
  return results;
}
