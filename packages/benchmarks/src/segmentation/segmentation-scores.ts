import { existsSync } from 'node:fs';
import { join } from 'node:path';
import appSegmentation from '@zooid/app-segmentation';
import backendOnnx from '@zooid/backend-onnx';
import datasetJsonl from '@zooid/dataset-jsonl';
import { createKernel, type Kernel } from '@zooid/kernel';
import storeLocal from '@zooid/store-local';
import { dataFolders, projectRoot } from '../recipes/train-recipe.js';
import { rounded } from '../statistics.js';
import { jiebaScores } from './jieba-scores.js';

const model = 'modelzoo/segmentation-zh';
const splits = ['dev', 'test'] as const;
const columns = ['f1', 'fineF1', 'coarseF1'] as const;

/** Word F1 in percent of the shipped model, of its student and of jieba, on cws-ud-gsd; nothing where there is no such model. */
export async function segmentationScores(log: (line: string) => void): Promise<readonly object[]> {
  const folders = { accurate: join(projectRoot, model), fast: join(projectRoot, model, 'fast') };
  const rows: object[] = [];
  for (const [quality, folder] of Object.entries(folders)) {
    if (!existsSync(join(folder, 'config.json'))) {
      log(`${quality}: ${model} has none, so there is nothing to score`);
      continue;
    }
    await using kernel = await createKernel({
      plugins: [storeLocal, backendOnnx, datasetJsonl, appSegmentation],
      config: { root: projectRoot, datasets: { folders: dataFolders() } },
    });
    const endpoint = await kernel.endpoints.open('words', folder);
    for (const split of splits) {
      const { metrics } = await endpoint.evaluate(await records(kernel, split));
      const row = { quality, split, ...percent(metrics) };
      log(JSON.stringify(row));
      rows.push(row);
    }
  }
  await using kernel = await createKernel({
    plugins: [storeLocal, datasetJsonl],
    config: { root: projectRoot, datasets: { folders: dataFolders() } },
  });
  for (const split of splits) {
    const row = { quality: 'jieba', split, ...percent(await jiebaScores(await records(kernel, split))) };
    log(JSON.stringify(row));
    rows.push(row);
  }
  return rows;
}

async function records(kernel: Kernel, split: string): Promise<unknown[]> {
  const { path } = await kernel.datasets.locate('cws-ud-gsd', split);
  const found: unknown[] = [];
  for await (const line of kernel.data.read(path)) if ('record' in line) found.push(line.record);
  return found;
}

const percent = (metrics: Readonly<Record<string, number>>) =>
  Object.fromEntries(columns.map((name) => [name, rounded(100 * (metrics[name] ?? Number.NaN), 4)]));
