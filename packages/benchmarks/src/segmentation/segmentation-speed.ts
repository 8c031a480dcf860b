import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Collection } from '@zooid/spec';
import type { Benchmark } from '../benchmark.js';
import { trainingKernel, trainRecipe } from '../recipes/train-recipe.js';
import { median, rounded } from '../statistics.js';

const ROUNDS = 5;
const ENTRIES = 500;
const MEGABYTES_PER_SECOND = 0.25;

/**
 * The segmentation app on the graph that its recipe exports. Speed does not depend on what was learned, so one step of training
 * makes the model.
 */
export const segmentationSpeed: Benchmark = {
  name: 'segmentation-speed',
  description: `${MEGABYTES_PER_SECOND} MB/s over the speed of segmenting the sentences of cws-ud-gsd (UTF-8, fine words, all cores)`,
  target: 1,
  async run({ log }) {
    const kernel = await trainingKernel();
    const folder = await mkdtemp(join(tmpdir(), 'zooid-segmentation-speed-'));
    try {
      await trainRecipe(
        kernel,
        'segmentation/cws-ud-gsd',
        ['train.maxSteps=1', 'data.validation=dev', 'data.test=dev'],
        folder,
      );
      const endpoint = await kernel.endpoints.open('words', folder);
      const { path } = await kernel.datasets.locate('cws-ud-gsd', 'dev');
      const texts = (await readFile(path, 'utf8'))
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { readonly text: string }).text);
      const megabytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0) / 1e6;
      const timed = async (label: string, inputs: readonly unknown[], parameters: object): Promise<number> => {
        const speeds: number[] = [];
        for (let round = 0; round < ROUNDS; round++) {
          const start = performance.now();
          await kernel.endpoints.run('words', inputs, parameters);
          speeds.push((1000 * megabytes) / (performance.now() - start));
        }
        log(`${label}: ${speeds.map((speed) => rounded(speed, 3)).join(', ')} MB/s`);
        return median(speeds);
      };
      const lexicon = Array.from({ length: ENTRIES }, (_, i) => ({ surface: texts[i % texts.length]!.slice(0, 4) }));
      const speed = await timed('fine words', texts, { granularity: 'fine' });
      const both = await timed('both', texts, { granularity: 'both' });
      const joined = await timed('one text', [texts.join('\n')], { granularity: 'fine' });
      return {
        ratio: rounded(MEGABYTES_PER_SECOND / speed),
        ok: speed >= MEGABYTES_PER_SECOND,
        details: {
          megabytesPerSecond: rounded(speed, 3),
          bothMegabytesPerSecond: rounded(both, 3),
          oneTextMegabytesPerSecond: rounded(joined, 3),
          putMilliseconds: rounded(await putMilliseconds(endpoint.collections.lexicons!, lexicon), 3),
          putEntries: ENTRIES,
        },
      };
    } finally {
      await rm(folder, { recursive: true, force: true });
      await kernel[Symbol.asyncDispose]();
    }
  },
};

async function putMilliseconds(lexicons: Collection, entries: readonly object[]): Promise<number> {
  const times: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const start = performance.now();
    await lexicons.put('mine', Object.assign(new lexicons.body(), { entries }));
    times.push(performance.now() - start);
  }
  return median(times);
}
