import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AbortError, silentLogger, ValidationError } from '@zooid/common';
import { readModelFolder, readSafetensors } from '@zooid/hub';
import { type App, type ProgressEvent, type TrainingJob, validateDto } from '@zooid/spec';
import { allClose } from '@zooid/tensor';
import { DivergenceError } from '@zooid/trainer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FineTune } from './fine-tune.js';
import { FineTuneOptions } from './options.js';
import { toyApp, toyExamples, toySplit } from './toy-app.fixture.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'zooid-fine-tune-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const encoder = {
  preset: 'tiny',
  num_hidden_layers: 1,
  hidden_size: 32,
  intermediate_size: 64,
  max_position_embeddings: 16,
};

function job(
  output: string,
  changes: Partial<TrainingJob> & { readonly train?: Record<string, unknown> } = {},
): TrainingJob {
  const { train = {}, ...rest } = changes;
  const options = validateDto(
    FineTuneOptions,
    { epochs: 5, batchSize: 16, learningRate: 3e-3, dropout: 0.1, bootstrap: 50, ...train },
    'train',
  );
  return {
    app: toyApp as unknown as App,
    appOptions: {},
    options,
    data: {
      train: toySplit('train', toyExamples(160, 1)),
      validation: toySplit('validation', toyExamples(40, 2)),
      test: toySplit('test', toyExamples(40, 3)),
      resources: {},
    },
    seed: 5,
    recipe: { app: 'toy', method: 'fine-tune', encoder, train: { ...options } },
    output: join(directory, output),
    resume: false,
    ...rest,
  };
}

function run(request: TrainingJob, signal?: AbortSignal) {
  const events: ProgressEvent[] = [];
  const result = new FineTune().run(request, {
    logger: silentLogger,
    progress: (event) => events.push(event),
    ...(signal === undefined ? {} : { signal }),
  });
  return { events, result };
}

describe('weights in half precision', () => {
  it('halve the folder, which answers as measured', async () => {
    const request = job('half', { train: { weights: 'float16' } });
    const { metrics } = await run(request).result;
    expect(metrics.accuracy).toBeGreaterThan(0.9);
    const { tensors } = await readSafetensors(join(request.output, 'model.safetensors'));
    expect(new Set([...tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(['float16']));
    expect(existsSync(join(request.output, 'onnx/model_fp16.onnx'))).toBe(true);
    expect(existsSync(join(request.output, 'onnx/model.onnx'))).toBe(false);
  });
});

describe('fine-tuning from scratch', () => {
  it('learns, and leaves a verified model folder that answers as measured', async () => {
    const request = job('scratch');
    const { events, result } = run(request);
    const { metrics } = await result;

    expect(metrics.accuracy).toBeGreaterThan(0.9);
    const stages = events.flatMap((event) => (event.type === 'stage' ? event.name : []));
    expect(stages).toEqual(['prepare', 'train', 'calibrate', 'export', 'evaluate']);
    expect(events.at(-1)).toMatchObject({ type: 'done', output: request.output });

    const folder = await readModelFolder(request.output, { verify: true });
    expect(folder.config).toMatchObject({
      model_type: 'bert',
      vocab_size: 29,
      toy: { labels: ['no', 'yes'], bias: 1 },
    });
    expect(folder.manifest).toMatchObject({ app: 'toy', method: 'fine-tune', seeds: [5], golden: 'golden.json' });
    const { value, low, high } = folder.manifest!.metrics.test!.accuracy as {
      value: number;
      low: number;
      high: number;
    };
    expect(value).toBe(metrics.accuracy);
    expect(low).toBeLessThanOrEqual(value);
    expect(high).toBeGreaterThanOrEqual(value);
    const golden = JSON.parse(readFileSync(join(request.output, 'golden.json'), 'utf8'));
    expect(golden).toEqual([
      { input: { text: expect.any(String) }, output: 'yes', tolerance: expect.any(Number) },
      { input: { text: expect.any(String) }, output: 'no', tolerance: expect.any(Number) },
    ]);
    expect(readFileSync(join(request.output, 'README.md'), 'utf8')).toContain('| test | accuracy |');
    expect(existsSync(join(request.output, 'run/report.html'))).toBe(true);
    const { tensors } = await readSafetensors(join(request.output, 'model.safetensors'));
    expect([...tensors.keys()]).toContain('bert.encoder.layer.0.attention.self.query.weight');
  });

  it('gives bit-identical weights after an interruption and a resume', async () => {
    const whole = job('whole', { train: { epochs: 2 } });
    await run(whole).result;

    const controller = new AbortController();
    const interrupted = job('interrupted', { train: { epochs: 2 } });
    const first = run(interrupted, controller.signal);
    const timer = setInterval(() => {
      if (first.events.filter(({ type }) => type === 'step').length >= 3) controller.abort();
    }, 1);
    await expect(first.result).rejects.toThrow(AbortError);
    clearInterval(timer);
    const second = run({ ...interrupted, resume: true });
    await second.result;

    expect(second.events.filter(({ type }) => type === 'step').length).toBeLessThan(20);
    expect(readFileSync(join(interrupted.output, 'model.safetensors'))).toEqual(
      readFileSync(join(whole.output, 'model.safetensors')),
    );
  });

  it('gives the same weights when layers are recomputed', async () => {
    const tensors = [];
    for (const recompute of ['none', 'layers']) {
      const request = job(recompute, {
        recipe: { app: 'toy', encoder: { ...encoder, num_hidden_layers: 2 } },
        train: { maxSteps: 4, accumulate: 2, recompute },
      });
      await run(request).result;
      tensors.push((await readSafetensors(join(request.output, 'model.safetensors'))).tensors);
    }
    for (const [name, tensor] of tensors[0]!) {
      expect(allClose(tensors[1]!.get(name)!, tensor, { rtol: 1e-4, atol: 1e-5 }), name).toBe(true);
    }
  });

  it('continues from a base folder, refuses weights that do not fit, and keeps frozen parameters', async () => {
    const base = join(directory, 'scratch');
    const config = JSON.parse(readFileSync(join(base, 'config.json'), 'utf8'));
    const artifacts = { id: 'scratch', revision: 'r', folder: base, config };
    const tuned = job('tuned', {
      base: artifacts,
      recipe: { app: 'toy' },
      train: { maxSteps: 3, freeze: ['bert.embeddings.*'], learningRate: 1e-3, keepHead: true },
    });
    const { metrics } = await run(tuned).result;
    expect(metrics.accuracy).toBeGreaterThan(0.9);
    const [before, after] = await Promise.all(
      [base, tuned.output].map((folder) => readSafetensors(join(folder, 'model.safetensors'))),
    );
    const words = 'bert.embeddings.word_embeddings.weight';
    expect(after!.tensors.get(words)).toEqual(before!.tensors.get(words));
    const query = 'bert.encoder.layer.0.attention.self.query.weight';
    expect(after!.tensors.get(query)).not.toEqual(before!.tensors.get(query));

    const wider = { ...artifacts, config: { ...config, intermediate_size: 128 } };
    await expect(run(job('wider', { base: wider, recipe: {} })).result).rejects.toThrow(
      /bert\.encoder\.layer\.0\.intermediate\.dense\.weight' has shape \[64, 32\], the model needs \[128, 32\].*allowMissing/,
    );
    const allowed = { maxSteps: 1, bootstrap: 0, allowMissing: ['bert.encoder.layer.*.dense.*'] };
    const widened = job('widened', { base: wider, recipe: {}, train: allowed });
    await run(widened).result;
    const { tensors } = await readSafetensors(join(widened.output, 'model.safetensors'));
    expect(tensors.get('bert.encoder.layer.0.intermediate.dense.weight')!.dims).toEqual([128, 32]);

    const other = join(directory, 'other-tokenizer');
    cpSync(base, other, { recursive: true });
    const tokens = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...Array.from({ length: 30 }, (_, i) => `token${i}`)];
    writeFileSync(join(other, 'vocab.txt'), `${tokens.join('\n')}\n`);
    const mixed = job('mixed', { base: { ...artifacts, folder: other }, recipe: {} });
    await expect(run(mixed).result).rejects.toThrow(
      /other-tokenizer: the tokenizer knows 35 tokens, but the word table has 29 rows/,
    );
  });
});

describe('bad input stops before training', () => {
  it('naming file, line and field of every bad record', async () => {
    const broken = toyExamples(20, 1).map((example, i) => (i % 7 === 3 ? { text: 'NOT OK' } : example));
    const request = job('bad', { data: { train: toySplit('train', broken), resources: {} } });
    const error = await run(request).result.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).issues.map(({ message }) => message)).toEqual([
      'train.jsonl:4: /text must be lower-case letters',
      'train.jsonl:11: /text must be lower-case letters',
      'train.jsonl:18: /text must be lower-case letters',
    ]);
    expect(existsSync(join(request.output, 'run'))).toBe(false);
  });

  it('naming an unknown preset, an unknown encoder field and a pattern that freezes nothing', async () => {
    const withEncoder = (section: object) => run(job('never', { recipe: { encoder: section } })).result;
    await expect(withEncoder({ preset: 'huge' })).rejects.toThrow(/\/encoder\/preset must be one of tiny, mini/);
    await expect(withEncoder({ ...encoder, hidden: 3 })).rejects.toThrow(/\/encoder\/hidden is unknown/);
    await expect(run(job('never', { train: { freeze: ['bert.embedings.*'] } })).result).rejects.toThrow(
      /'bert\.embedings\.\*' matches no parameter/,
    );
  });
});

describe('a run that diverges', () => {
  it('stops with the step and the last losses and keeps its checkpoint', async () => {
    const request = job('diverged', { train: { learningRate: 1e30, warmup: 0, clipNorm: 0 } });
    const error = (await run(request).result.catch((e: unknown) => e)) as DivergenceError;
    expect(error).toBeInstanceOf(DivergenceError);
    expect(error.message).toMatch(/diverged at step \d+.*Last losses: /);
    expect(existsSync(join(error.checkpoint!, 'parameters.safetensors'))).toBe(true);
    expect(existsSync(join(request.output, 'config.json'))).toBe(false);
  });
});

describe('an app that cannot be trained', () => {
  it('is refused with the capability it lacks', () => {
    const { capabilities: _, ...plain } = toyApp;
    expect(new FineTune().misfit(plain as unknown as App)).toMatch(/TrainingTask/);
    expect(new FineTune().misfit(toyApp as unknown as App)).toBeUndefined();
  });
});
