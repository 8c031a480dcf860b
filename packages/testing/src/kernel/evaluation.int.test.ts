import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BenchOptions,
  benchModel,
  createKernel,
  type ExportOptions,
  exportModel,
  type Kernel,
} from '@zooid/kernel';
import {
  type App,
  App as AppToken,
  type LoadContext,
  type ModelArtifacts,
  ModelBackend,
  type VariantReport,
  type VariantRequest,
} from '@zooid/spec';
import { tensor } from '@zooid/tensor';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, rejection } from '../contracts/plugin-contract.js';
import { fakeApp } from '../fakes/fake-app.js';
import { fakeBackend } from '../fakes/fake-backend.js';
import { fakeArtifacts } from '../fakes/fake-model.js';
import { fakeJsonLines } from '../fakes/json-lines.js';
import { memoryStore } from '../fakes/memory-store.js';
import { pluginOf } from '../fakes/plugin-of.js';

const lines = (records: readonly object[]) => records.map((record) => `${JSON.stringify(record)}\n`).join('');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

const validation = lines(
  Array.from({ length: 10 }, (_, i) => ({ text: `t${i}`, label: i % 5 === 0 ? 'odd' : 'even' })),
);
const recipe = { data: { dataset: 'toy', train: 'train', validation: 'dev' }, seed: 1, train: { metric: 'accuracy' } };
const manifest = { app: 'echo', recipe, data: [{ name: 'validation', files: [], sha256: sha256(validation) }] };

let root: string;
let folder: string;
let kernel: Kernel | undefined;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'zooid-evaluation-'));
  folder = join(root, 'm');
  await mkdir(join(root, 'data', 'toy'), { recursive: true });
  await mkdir(folder);
  await writeFile(join(root, 'data', 'toy', 'dev.jsonl'), validation);
  const file = (path: string, text: string) => `{ path: ${path}, bytes: ${text.length}, sha256: ${sha256(text)} }`;
  await writeFile(
    join(root, 'datasets.yaml'),
    `toy:\n  title: Toy\n  language: en\n  license: MIT\n  redistributable: true\n  source: { url: 'https://example.org' }\n` +
      `  files:\n    dev: ${file('dev.jsonl', validation)}\n    train: ${file('train.jsonl', 'x')}\n`,
  );
});
afterEach(async () => {
  await kernel?.[Symbol.asyncDispose]();
  kernel = undefined;
  await rm(root, { recursive: true });
});

/** An app that is right about `even`, unless the form of the model is the bad one. */
function scoringApp(): App {
  const app = fakeApp();
  return {
    ...app,
    async open(model, context) {
      const instance = await app.open(model, context);
      return Object.assign(instance, {
        async evaluate(records: readonly { readonly label: string }[]) {
          const right = records.filter(({ label }) => label === 'even').length;
          return { answers: [], metrics: { examples: records.length, accuracy: right / records.length } };
        },
      });
    },
  } as App;
}

interface Given {
  readonly artifacts?: Partial<ModelArtifacts>;
  readonly app?: App;
}

/** A backend that has the forms `plain` and `small`, makes `tiny`, and keeps what it is asked. */
async function start({ artifacts = {}, app = scoringApp() }: Given = {}) {
  const present = ['plain', 'small'];
  const loads: LoadContext[] = [];
  const scored: unknown[] = [];
  const answer = async (_: ModelArtifacts, { variants, evaluation }: VariantRequest): Promise<VariantReport[]> => {
    const fake = await backend.load(fakeArtifacts({ id: 'm', folder, manifest }));
    const metrics = await evaluation?.score(fake);
    scored.push(evaluation === undefined ? undefined : { data: evaluation.data, metric: evaluation.metric, metrics });
    return variants.map((variant) => ({
      variant,
      file: `onnx/${variant}`,
      sizeBytes: 1,
      accepted: variant !== 'small',
      ...(variant === 'small' && { refusal: 'too small' }),
      maxDifference: 0,
      relativeDifference: 0,
      maxProbabilityDifference: 0,
      decisions: 0,
      changedDecisions: 0,
      keptFloat: [],
      comparedOn: 'random' as const,
    }));
  };
  const made: string[] = [];
  const backend = fakeBackend({ outputs: () => ({}) });
  const exporter = Object.assign(backend, {
    variants: ['plain', 'small', 'tiny'],
    findVariants: () => ({ source: 'plain', present: [...present, ...made] }),
    compareVariants: answer,
    async exportVariants(of: ModelArtifacts, request: VariantRequest) {
      made.push(...request.variants.filter((variant) => variant === 'tiny'));
      return answer(of, request);
    },
  });
  const { load } = backend;
  exporter.load = async (of: ModelArtifacts, context: LoadContext = {}) => {
    loads.push(context);
    const model = await load(of, context);
    const inputs = [
      { name: 'input_ids', dtype: 'int64' as const, shape: ['batch', 'sequence'] },
      { name: 'attention_mask', dtype: 'int64' as const, shape: ['batch', 'sequence'] },
    ];
    return Object.assign(model, { inputs });
  };
  kernel = await createKernel({
    plugins: [
      memoryStore([fakeArtifacts({ id: 'm', folder, manifest, ...artifacts })]).plugin,
      pluginOf('backend-exporter', ModelBackend, exporter),
      pluginOf('app-echo', AppToken, app),
      fakeJsonLines().plugin,
    ],
    config: { root, datasets: { registry: join(root, 'datasets.yaml'), folders: [join(root, 'data')] } },
  });
  return { kernel, loads, scored, models: backend.models };
}

describe('the data that forms are compared on', () => {
  const exportWith = async (options: Partial<ExportOptions> = {}, given: Given = {}) => {
    const { kernel, scored } = await start(given);
    const result = await exportModel(kernel, 'm', { variants: ['tiny'], ...options });
    return { result, scored };
  };

  it('is what the model was validated on, scored by the metric it was selected by', async () => {
    const { result, scored } = await exportWith();
    expect(scored).toEqual([{ data: 'toy validation', metric: 'accuracy', metrics: { examples: 10, accuracy: 0.8 } }]);
    expect(result).toMatchObject({ evaluation: { data: 'toy validation', examples: 10, total: 10 }, goldenSamples: 0 });
  });

  it('is thinned evenly when there is more than is wanted', async () => {
    const { result, scored } = await exportWith({ examples: 2 });
    expect(result.evaluation).toEqual({ data: 'toy validation', examples: 2, total: 10 });
    expect(scored).toMatchObject([{ metrics: { examples: 2, accuracy: 0 } }]); // the first and the sixth
  });

  it('is what is named: a file, or a split of the registry', async () => {
    const file = join(root, 'mine.jsonl');
    await writeFile(file, lines([{ label: 'even' }]));
    expect((await exportWith({ data: file })).result.evaluation).toEqual({ data: file, examples: 1, total: 1 });
    await kernel?.[Symbol.asyncDispose]();
    expect((await exportWith({ data: 'toy:dev' })).result.evaluation).toMatchObject({ data: 'toy:dev', total: 10 });
  });

  it.each<[string, object, RegExp]>([
    ['the manifest names none', { manifest: { app: 'echo' } }, /its manifest names no validation or test data/],
    [
      'it is not what the model was made with',
      { manifest: { ...manifest, data: [{ name: 'validation', files: [], sha256: 'x' }] } },
      /the validation data at hand is not what its manifest describes/,
    ],
    [
      'its files are elsewhere',
      { manifest: { ...manifest, recipe: { data: { train: 'a.jsonl', validation: 'b.jsonl' } } } },
      /its validation data is not at hand \(.*b\.jsonl/,
    ],
    [
      'the registry’s files are not here',
      { manifest: { ...manifest, recipe: { data: { dataset: 'toy', train: 'train', validation: 'train' } } } },
      /its validation data is not at hand \(dataset 'toy'/,
    ],
    ['no app knows the model', { manifest: { ...manifest, app: 'other' } }, /no loaded app knows the model/],
  ])('is none, and that is said, when %s', async (_, artifacts, why) => {
    const { result, scored } = await exportWith({}, { artifacts });
    expect(result.evaluation).toBeUndefined();
    expect(result.whyNoEvaluation).toMatch(why);
    expect(scored).toEqual([undefined]);
  });

  it('must be usable where it is named', async () => {
    const refused = async (options: Partial<ExportOptions>, given: Given = {}) => {
      const error = (await rejection(exportWith(options, given))) as Error;
      await kernel?.[Symbol.asyncDispose]();
      return `${codeOf(error)} ${error.message}`;
    };
    expect(await refused({ data: 'nowhere.jsonl' })).toMatch(
      /^VALIDATION_FAILED .*nowhere\.jsonl: there is no such file/,
    );
    expect(await refused({ data: 'toy:dev' }, { app: fakeApp() as App })).toMatch(
      /app 'echo' does not score its answers/,
    );
    await writeFile(join(root, 'empty.jsonl'), '');
    expect(await refused({ data: join(root, 'empty.jsonl') })).toMatch(/it holds no examples/);
  });
});

describe('benchModel', () => {
  const bench = async (options: BenchOptions = {}, given: Given = {}) => {
    const started = await start(given);
    const result = await benchModel(started.kernel, 'm', { seconds: 0, batches: [1, 2], lengths: [3], ...options });
    return { ...started, result };
  };

  it('times every form in turns beside the source as it stands, and says what each loses', async () => {
    const { result, loads, models } = await bench();
    expect(result).toMatchObject({
      model: 'm',
      threads: 1,
      evaluation: { data: 'toy validation' },
      reference: { variant: 'plain' },
      variants: [
        { variant: 'plain', accepted: true },
        { variant: 'small', accepted: false, refusal: 'too small' },
      ],
    });
    for (const { timings } of [result.reference, ...result.variants]) {
      expect(timings.map(({ batch, length }) => [batch, length])).toEqual([
        [1, 3],
        [2, 3],
      ]);
      for (const { p50, p95, throughput, batch } of timings) {
        expect(p95).toBeGreaterThanOrEqual(p50);
        expect(throughput).toBeCloseTo((1000 * batch) / p50, 6);
      }
    }
    expect(loads.slice(1, 4)).toEqual([
      { variant: 'plain', optimize: false, workers: 1, threads: 1 },
      { variant: 'plain', optimize: true, workers: 1, threads: 1 },
      { variant: 'small', optimize: true, workers: 1, threads: 1 },
    ]);
    const timed = models.slice(1, 4);
    expect(timed.map(({ disposals }) => disposals)).toEqual([1, 1, 1]);
    expect(timed[0]!.calls.at(-1)!.attention_mask).toEqual(tensor('int64', [1, 1, 1, 1, 1, 1], [2, 3]));
    expect(new Set(timed.map(({ calls }) => calls.length)).size).toBe(1);
  });

  it('makes what the folder lacks in a copy that it removes, when told to', async () => {
    const missing = (await rejection(bench({ variants: ['tiny'] }))) as Error;
    expect(missing.message).toMatch(/\/make is needed: .* has no tiny \(it has plain, small\)/);
    await kernel?.[Symbol.asyncDispose]();
    const { result } = await bench({ variants: ['tiny', 'plain'], make: true });
    expect(result.variants.map(({ variant, timings }) => [variant, timings.length])).toEqual([
      ['tiny', 2],
      ['plain', 2],
    ]);
  });

  it('refuses sizes that the model does not take', async () => {
    const artifacts = { config: { max_position_embeddings: 20 } };
    const error = (await rejection(bench({ lengths: [16, 32] }, { artifacts }))) as Error;
    expect(error.message).toMatch(/\/length 32 is more than the 20 tokens that the model takes/);
  });

  it('stops between passes, and lets go of what it has loaded', async () => {
    const controller = new AbortController();
    const onProgress = ({ step }: { readonly step: string }) => step === 'measure' && controller.abort();
    const { kernel, models } = await start();
    const work = benchModel(kernel, 'm', { signal: controller.signal, onProgress, lengths: [3] });
    expect(codeOf(await rejection(work))).toBe('ABORTED');
    expect(models.every(({ disposals }) => disposals === 1)).toBe(true);
  });
});
