import { mkdtemp, rm } from 'node:fs/promises';
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
import { segmentationScores } from './segmentation-scores.js';

const ROUNDS = 5;
const ENTRIES = 500;
/** What each quality must reach, in MB of UTF-8 a second on two workers. */
const wantedSpeed = { accurate: 0.25, fast: 2 } as const;
type Quality = keyof typeof wantedSpeed;
/** What the recipe exports, and its quantized form. */
const forms = ['fp16', 'int8'] as const;
/** Items of one request, and UTF-16 units of one text: about what a server takes by default. */
const ITEMS = 1000;
const LONGEST_TEXT = 99_000;

/**
 * The segmentation app on the graphs that its recipes export. Speed does not depend on what was learned, so one step of
 * training makes each model; what the shipped one answers is scored beside it.
 */
export const segmentationSpeed: Benchmark = {
  name: 'segmentation-speed',
  description: `MB/s wanted over those reached segmenting cws-ud-gsd (UTF-8, fine words, two workers), the worse of accurate (${wantedSpeed.accurate}) and fast (${wantedSpeed.fast})`,
  target: 1,
  async run({ log }) {
    const folder = await mkdtemp(join(tmpdir(), 'zooid-segmentation-speed-'));
    try {
      const texts = await prepare(folder);
      const table: Row[] = [];
      for (const [quality, form] of [...forms.map((form) => ['accurate', form] as const), ['fast', 'fp16'] as const]) {
        await using kernel = await createKernel({
          plugins: [storeLocal, backendOnnx, appSegmentation],
          // The student has one form, whatever its teacher runs as.
          config: {
            root: projectRoot,
            settings: { 'backend-onnx': { variants: [...new Set([form, 'fp16'])], workers: 2 } },
          },
        });
        const row = { quality, form, ...(await speeds(kernel, folder, texts, quality)) };
        log(JSON.stringify(row));
        table.push(row);
      }
      const reached = (of: Quality) => Math.max(...table.flatMap(({ quality, fine }) => (quality === of ? fine : [])));
      const ratio = Math.max(...qualities.map((quality) => wantedSpeed[quality] / reached(quality)));
      const scores = await segmentationScores(log);
      return { ratio: rounded(ratio), ok: ratio <= 1, details: { table, scores } };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

interface Row extends Awaited<ReturnType<typeof speeds>> {
  readonly quality: Quality;
  readonly form: string;
}

const qualities = Object.keys(wantedSpeed) as Quality[];

/** Trains one step into `folder`, adds the quantized form and a student, and returns the texts to segment. */
async function prepare(folder: string): Promise<string[]> {
  await using kernel = await trainingKernel();
  await trainRecipe(kernel, 'segmentation/cws-ud-gsd', ['train.maxSteps=1', 'data.test=dev'], folder);
  const artifacts = await kernel.models.resolve(folder);
  const backend = [...kernel.backends].find(({ variants = [] }) => variants.includes('int8'))!;
  await backend.exportVariants!(artifacts, { variants: ['int8'], samples: [] });
  const student = ['train.maxSteps=1', 'data.train=train', 'data.test=dev'];
  await trainRecipe(kernel, 'segmentation/fast', student, join(folder, 'fast'));
  const { path } = await kernel.datasets.locate('cws-ud-gsd', 'train');
  const texts: string[] = [];
  for await (const line of kernel.data.read(path)) {
    if ('record' in line) texts.push((line.record as { readonly text: string }).text);
  }
  return texts;
}

/**
 * MB/s of the texts one by one, at both granularities, and as one text, in as many requests at a time as it takes;
 * milliseconds of storing a dictionary.
 */
async function speeds(kernel: Kernel, folder: string, all: readonly string[], quality: Quality) {
  const endpoint = await kernel.endpoints.open('words', folder);
  // The accurate network would need minutes for all of them.
  const texts = quality === 'fast' ? all : all.slice(0, ITEMS / 2);
  const secondsOf = async (work: () => Promise<unknown>): Promise<number> => {
    const times: number[] = [];
    for (let round = 0; round < ROUNDS; round++) {
      const start = performance.now();
      await work();
      times.push((performance.now() - start) / 1000);
    }
    return median(times);
  };
  const speed = async (inputs: readonly string[], granularity: string): Promise<number> => {
    const megabytes = inputs.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6;
    const requests = Array.from({ length: Math.ceil(inputs.length / ITEMS) }, (_, i) =>
      inputs.slice(i * ITEMS, (i + 1) * ITEMS),
    );
    const run = (items: readonly string[]) => kernel.endpoints.run('words', items, { granularity, quality });
    return rounded(megabytes / (await secondsOf(() => Promise.all(requests.map(run)))), 3);
  };
  const lexicon: Collection = endpoint.collections.lexicons!;
  const entries = Array.from({ length: ENTRIES }, (_, i) => ({ surface: texts[i % texts.length]!.slice(0, 4) }));
  return {
    fine: await speed(texts, 'fine'),
    both: await speed(texts, 'both'),
    oneText: await speed([texts.join('\n').slice(0, LONGEST_TEXT)], 'fine'),
    putMs: rounded(
      1000 * (await secondsOf(() => lexicon.put('mine', Object.assign(new lexicon.body(), { entries })))),
      3,
    ),
  };
}
