import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import appSegmentation from '@zooid/app-segmentation';
import backendOnnx from '@zooid/backend-onnx';
import { createKernel, type Kernel } from '@zooid/kernel';
import type { Collection } from '@zooid/spec';
import storeLocal from '@zooid/store-local';
import type { Benchmark } from '../benchmark.js';
import { projectRoot, trainingKernel, trainRecipe } from '../recipes/train-recipe.js';
import { median, rounded } from '../statistics.js';

const ROUNDS = 5;
const ENTRIES = 500;
const MEGABYTES_PER_SECOND = 0.25;
/** What the recipe exports, and its quantized form. */
const forms = ['fp16', 'int8'] as const;

/**
 * The segmentation app on the graph that its recipe exports. Speed does not depend on what was learned, so one step of training
 * makes the model.
 */
export const segmentationSpeed: Benchmark = {
  name: 'segmentation-speed',
  description: `${MEGABYTES_PER_SECOND} MB/s over the speed of segmenting the sentences of cws-ud-gsd (UTF-8, fine words, all cores) with the faster form`,
  target: 1,
  async run({ log }) {
    const folder = await mkdtemp(join(tmpdir(), 'zooid-segmentation-speed-'));
    try {
      const texts = await prepare(folder);
      const table = [];
      for (const form of forms) {
        await using kernel = await createKernel({
          plugins: [storeLocal, backendOnnx, appSegmentation],
          config: { root: projectRoot, settings: { 'backend-onnx': { variants: [form] } } },
        });
        const row = { form, ...(await speeds(kernel, folder, texts)) };
        log(JSON.stringify(row));
        table.push(row);
      }
      const fastest = Math.max(...table.map(({ fine }) => fine));
      return {
        ratio: rounded(MEGABYTES_PER_SECOND / fastest),
        ok: fastest >= MEGABYTES_PER_SECOND,
        details: { table },
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

/** Trains one step into `folder`, adds the quantized form, and returns the texts to segment. */
async function prepare(folder: string): Promise<string[]> {
  await using kernel = await trainingKernel();
  await trainRecipe(kernel, 'segmentation/cws-ud-gsd', ['train.maxSteps=1', 'data.test=dev'], folder);
  const artifacts = await kernel.models.resolve(folder);
  const backend = [...kernel.backends].find(({ variants = [] }) => variants.includes('int8'))!;
  await backend.exportVariants!(artifacts, { variants: ['int8'], samples: [] });
  const { path } = await kernel.datasets.locate('cws-ud-gsd', 'dev');
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { readonly text: string }).text);
}

/** MB/s of the texts one by one, at both granularities, and as one text; milliseconds of storing a dictionary. */
async function speeds(kernel: Kernel, folder: string, texts: readonly string[]) {
  const endpoint = await kernel.endpoints.open('words', folder);
  const megabytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6;
  const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      await work();
      times.push((performance.now() - start) / 1000);
    }
    return median(times);
  };
  const speed = async (inputs: readonly string[], granularity: string): Promise<number> =>
    rounded(megabytes / (await secondsOf(() => kernel.endpoints.run('words', inputs, { granularity }))), 3);
  const lexicon: Collection = endpoint.collections.lexicons!;
  const entries = Array.from({ length: ENTRIES }, (_, i) => ({ surface: texts[i % texts.length]!.slice(0, 4) }));
  return {
    fine: await speed(texts, 'fine'),
    both: await speed(texts, 'both'),
    oneText: await speed([texts.join('\n')], 'fine'),
    putMs: rounded(
      1000 * (await secondsOf(() => lexicon.put('mine', Object.assign(new lexicon.body(), { entries })))),
      3,
    ),
  };
}
