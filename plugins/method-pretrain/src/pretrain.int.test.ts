import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import appFillMask from '@zooid/app-fill-mask';
import { AbortError, silentLogger } from '@zooid/common';
import { readModelFolder, readSafetensors, sha256 } from '@zooid/hub';
import { App, type DataSplit, type ProgressEvent, type TrainingJob, validateDto } from '@zooid/spec';
import { Random } from '@zooid/tensor';
import { withKernel } from '@zooid/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PretrainOptions } from './options.js';
import { Pretrain } from './pretrain.js';

let directory: string;
let app: App;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'zooid-pretrain-'));
  await withKernel(appFillMask, {}, async (kernel) => {
    app = [...kernel.apps][0] as App;
  });
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A language in which the third word follows from the first two. */
function sentences(count: number, seed: number): DataSplit {
  const random = new Random(seed);
  const nouns = ['cat', 'dog', 'cow', 'hen'];
  const verbs = ['eats', 'sees', 'hears'];
  const things = ['fish', 'bone', 'grass', 'corn'];
  const lines = Array.from({ length: count }, () => {
    const noun = random.int(4);
    const verb = random.int(3);
    return `the ${nouns[noun]} ${verbs[verb]} the ${things[(noun + verb) % 4]} .`;
  });
  return {
    name: seed === 1 ? 'train' : 'validation',
    files: [],
    digest: sha256(lines.join('\n')),
    async *records() {
      for (const [i, text] of lines.entries()) yield { record: { text }, origin: `lines:${i + 1}` };
    },
  };
}

function job(output: string, changes: Partial<TrainingJob> & { train?: Record<string, unknown> } = {}): TrainingJob {
  const { train = {}, ...rest } = changes;
  const section = {
    maxSteps: 220,
    batchSize: 16,
    blockLength: 32,
    learningRate: 3e-3,
    evaluateEvery: 110,
    evaluateBlocks: 32,
    vocabulary: { vocabSize: 64, minFrequency: 1 },
    ...train,
  };
  return {
    app,
    appOptions: {},
    options: validateDto(PretrainOptions, section, 'train'),
    data: { train: sentences(3000, 1), validation: sentences(300, 2), resources: {} },
    seed: 5,
    recipe: { app: 'fill-mask', method: 'pretrain', encoder: tiny, train: section },
    output: join(directory, output),
    resume: false,
    ...rest,
  };
}
const tiny = {
  preset: 'tiny',
  num_hidden_layers: 2,
  hidden_size: 48,
  num_attention_heads: 4,
  intermediate_size: 96,
  max_position_embeddings: 32,
  initializer_range: 0.1,
};

async function run(request: TrainingJob, signal?: AbortSignal, onEvent: (event: ProgressEvent) => void = () => {}) {
  return new Pretrain().run(request, { logger: silentLogger, progress: onEvent, ...(signal && { signal }) });
}
const weightsOf = async (folder: string) => (await readSafetensors(join(folder, 'model.safetensors'))).tensors;

describe('pre-training', () => {
  it('learns the language, and leaves a verified folder that Hugging Face would call BertForMaskedLM', async () => {
    const request = job('scratch');
    const { metrics } = await run(request);
    // The most frequent word is a third of what is asked; only the rule of the language explains so much.
    expect(metrics.accuracy).toBeGreaterThan(0.65);
    expect(metrics.perplexity).toBeCloseTo(Math.exp(metrics.loss!), 6);

    const folder = await readModelFolder(request.output, { verify: true });
    expect(folder.config).toMatchObject({
      architectures: ['BertForMaskedLM'],
      model_type: 'bert',
      hidden_dropout_prob: 0.1,
    });
    expect(folder.manifest).toMatchObject({ app: 'fill-mask', method: 'pretrain', golden: 'golden.json' });
    const names = [...(await weightsOf(request.output)).keys()];
    expect(names).toContain('bert.encoder.layer.1.output.LayerNorm.weight');
    expect(names).toContain('cls.predictions.transform.dense.weight');
    expect(existsSync(join(request.output, '.corpus'))).toBe(false);
    expect(readFileSync(join(request.output, 'README.md'), 'utf8')).toMatch(/## Curve[\s\S]*\| 220 \|/);
  });

  it('ends with the same weights, bit for bit, after it was stopped and resumed', async () => {
    const whole = job('whole', { train: { maxSteps: 40 } });
    await run(whole);
    const stopped = job('stopped', { train: { maxSteps: 40 } });
    const controller = new AbortController();
    const stopping = run(stopped, controller.signal, (event) => {
      if (event.type === 'step' && event.step >= 15) controller.abort();
    });
    await expect(stopping).rejects.toThrow(AbortError);
    await run({ ...stopped, resume: true });
    expect(await weightsOf(stopped.output)).toEqual(await weightsOf(whole.output));
  });

  it('goes on from a model with its tokenizer and its head', async () => {
    const scratch = join(directory, 'scratch');
    const { config } = await readModelFolder(scratch, { verify: false });
    const base = { id: 'scratch', revision: 'r', folder: scratch, config };
    const { encoder: _, ...recipe } = job('onward').recipe;
    const { metrics } = await run({ ...job('onward', { train: { maxSteps: 5, learningRate: 1e-5 } }), recipe, base });
    expect(metrics.accuracy).toBeGreaterThan(0.65);
    const tokenizer = (folder: string) => readFileSync(join(directory, folder, 'tokenizer.json'), 'utf8');
    expect(tokenizer('onward')).toBe(tokenizer('scratch'));
  });

  it('teaches the pooled first token what its block holds, and saves the pooler but not what only taught it', async () => {
    const losses: number[] = [];
    const request = job('bag', { train: { maxSteps: 120, bagOfWords: { weight: 1 } } });
    await run(request, undefined, (event) => {
      if (event.type === 'step' && event.loss !== undefined) losses.push(event.loss);
    });
    const plain: number[] = [];
    await run(job('no-bag', { train: { maxSteps: 120 } }), undefined, (event) => {
      if (event.type === 'step' && event.loss !== undefined) plain.push(event.loss);
    });
    // What the second objective adds falls from the logarithm of the vocabulary towards that of a block's tokens.
    const added = (at: number) => losses.at(at)! - plain.at(at)!;
    expect(added(0)).toBeGreaterThan(2.5);
    expect(losses.at(-1)!).toBeLessThan(losses[0]! - 1);
    const names = [...(await weightsOf(request.output)).keys()];
    expect(names).toContain('bert.pooler.dense.weight');
    expect(names.filter((name) => name.includes('bag'))).toEqual([]);

    const { config } = await readModelFolder(request.output, { verify: true });
    const { encoder: _, ...recipe } = request.recipe;
    const base = { id: 'bag', revision: 'r', folder: request.output, config };
    await expect(run({ ...job('bag-on', { train: { maxSteps: 2 } }), recipe, base })).resolves.toBeDefined();
  });

  it('stores weights in half the bytes where the recipe says so', async () => {
    const small = job('half', { train: { maxSteps: 3, weights: 'float16' } });
    await run(small);
    const tensors = await weightsOf(small.output);
    expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(['float16']));
    expect(existsSync(join(small.output, 'onnx/model_fp16.onnx'))).toBe(true);
    expect(existsSync(join(small.output, 'onnx/model.onnx'))).toBe(false);
  });

  it('leaves out the graph where the recipe says so', async () => {
    const bare = job('bare', { train: { maxSteps: 3, graph: false } });
    await run(bare);
    expect((await readModelFolder(bare.output, { verify: true })).manifest?.files.map(({ path }) => path)).toEqual([
      'config.json',
      'golden.json',
      'model.safetensors',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
  });

  it.each([
    ['blocks longer than the position table', { train: { blockLength: 64 } }, '/train/blockLength'],
    ['a preset that does not exist', { recipe: { encoder: { preset: 'giant' } } }, '/encoder/preset'],
  ])('refuses %s', async (_, changes, path) => {
    const failure = await run(job('refused', changes)).catch((error) => error);
    expect(failure.issues.map((issue: { path: string }) => issue.path)).toEqual([path]);
  });

  it('says so when the corpus is smaller than a batch', async () => {
    const request = job('small', { data: { train: sentences(20, 1), resources: {} } });
    await expect(run(request)).rejects.toThrow('fewer than one batch of 16 blocks');
  });
});
