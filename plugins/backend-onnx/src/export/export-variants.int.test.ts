import { mkdtemp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readModelFolder, writeModelFolder } from '@zooid/hub';
import { createKernel, type Kernel } from '@zooid/kernel';
import {
  bertEncoder,
  classificationHead,
  GraphBuilder,
  initialise,
  type ModuleContext,
  parseEncoderConfig,
} from '@zooid/nn';
import { pruneGraph, writeModel } from '@zooid/onnx';
import type {
  Model,
  ModelArtifacts,
  ModelBackend,
  VariantEvaluation,
  VariantReport,
  VariantRequest,
} from '@zooid/spec';
import { Random, type TensorMap, tensor } from '@zooid/tensor';
import { codeOf, rejection } from '@zooid/testing';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import backendOnnx from '../index.js';
import { variantRules } from './build-variant.js';
import { compareOutputs } from './compare-outputs.js';
import { draftGraph, readGraph } from './graph-files.js';

const config = {
  vocab_size: 300,
  hidden_size: 64,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 128,
  max_position_embeddings: 20,
};

/** A BERT classifier with random weights, as `zooid train` would leave it. */
function classifier(): Uint8Array {
  const emit = (context: ModuleContext) =>
    classificationHead(context, bertEncoder(context, parseEncoderConfig(config)).pooledOutput(), { labels: 4 });
  const declaring = new GraphBuilder();
  emit(declaring);
  const random = new Random(8);
  const weights = new Map(
    declaring.parameters.map((parameter) => [
      parameter.name,
      tensor(
        'float32',
        initialise(parameter, random).map((value) => value * 2),
        parameter.shape,
      ),
    ]),
  );
  const builder = new GraphBuilder({ weights });
  builder.graph.output(emit(builder), 'logits');
  return writeModel(pruneGraph(builder.graph));
}

const model = classifier();
let kernel: Kernel;
let backend: ModelBackend & Required<Pick<ModelBackend, 'exportVariants' | 'compareVariants' | 'findVariants'>>;
let root: string;
let artifacts: ModelArtifacts;

beforeAll(async () => {
  kernel = await createKernel({ plugins: [backendOnnx], config: { settings: { 'backend-onnx': { workers: 1 } } } });
  backend = kernel.backends.get('onnx') as typeof backend;
});
afterAll(() => kernel[Symbol.asyncDispose]());

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'zooid-variants-'));
  const folder = join(root, 'm');
  await writeModelFolder(folder, {
    config,
    files: new Map([['onnx/model.onnx', model]]),
    manifest: {
      id: 'm',
      app: 'echo',
      method: 'fine-tune',
      recipe: {},
      data: [],
      seeds: [1],
      metrics: {},
      createdWith: {},
    },
    card: '# m\n',
  });
  artifacts = { id: 'm', revision: 'r1', folder, config };
});
afterEach(() => rm(root, { recursive: true }));

const exportAll = (request: Partial<VariantRequest> = {}): Promise<readonly VariantReport[]> =>
  backend.exportVariants(artifacts, { variants: ['fp32', 'fused', 'int8', 'fp16', 'q4'], samples: [], ...request });
const graphs = () => readdir(join(artifacts.folder, 'onnx'));

const feeds: TensorMap = {
  input_ids: tensor('int64', [1, 20, 33, 299, 2, 7, 8, 2], [2, 4]),
  attention_mask: tensor('int64', [1, 1, 1, 1, 1, 1, 1, 0], [2, 4]),
  token_type_ids: tensor('int64', [0, 0, 1, 1, 0, 0, 0, 0], [2, 4]),
};

describe('exportVariants', () => {
  it('writes forms that load and agree with the plain graph, and renews the manifest', async () => {
    const steps: string[] = [];
    const reports = await exportAll({ onProgress: ({ variant, step }) => steps.push(`${variant} ${step}`) });
    expect(reports.map(({ variant, accepted }) => [variant, accepted])).toEqual([
      ['fp32', true],
      ['fused', true],
      ['int8', true],
      ['fp16', true],
      ['q4', true],
    ]);
    const bytes = Object.fromEntries(reports.map(({ variant, sizeBytes }) => [variant, sizeBytes]));
    expect(bytes.fp32).toBe(model.byteLength);
    expect(bytes.int8! / bytes.fp32!).toBeLessThan(0.35);
    expect(bytes.q4! / bytes.fp32!).toBeLessThan(0.3);
    expect(bytes.fp16! / bytes.fp32!).toBeLessThan(0.6);
    expect(steps.slice(0, 4)).toEqual(['fp32 run', 'fused build', 'fused write', 'fused compare']);

    expect((await graphs()).sort()).toEqual(
      ['model.onnx', 'model_fp16.onnx', 'model_fused.onnx', 'model_q4.onnx', 'model_quantized.onnx'].sort(),
    );
    const { manifest } = await readModelFolder(artifacts.folder, { verify: true });
    expect(manifest?.files.map(({ path }) => path)).toContain('onnx/model_quantized.onnx');

    const expected = await answer('fp32');
    for (const { variant, relativeDifference, maxProbabilityDifference } of reports) {
      const { difference } = variantRules[variant as keyof typeof variantRules];
      const found = compareOutputs(expected, await answer(variant)).relativeDifference;
      expect(found, variant).toBeLessThanOrEqual(difference);
      expect(relativeDifference, variant).toBeLessThanOrEqual(difference);
      expect(maxProbabilityDifference, variant).toBeLessThanOrEqual(difference);
    }
    const [, fused, int8] = reports;
    expect(fused!.relativeDifference).toBeLessThan(1e-5);
    expect(int8!.relativeDifference).toBeGreaterThan(1e-4);
    expect(int8!.keptFloat).toContain('classifier.weight');
    expect(fused!.keptFloat).toEqual([]);
  });

  it('compares on the samples it is given, and counts decisions', async () => {
    const [fused] = await exportAll({ variants: ['fused'], samples: [feeds, feeds] });
    expect(fused).toMatchObject({ decisions: 4, changedDecisions: 0, accepted: true });
  });

  it('does not write what differs too much, and leaves nothing behind', async () => {
    const before = (await readModelFolder(artifacts.folder, { verify: true })).revision;
    const [int8] = await exportAll({ variants: ['int8'], tolerance: { difference: 1e-6 } });
    expect(int8).toMatchObject({ accepted: false, comparedOn: 'random' });
    expect(int8!.refusal).toMatch(/^outputs differ by 0\.0\d+ of their size, more than 0\.000001$/);
    expect(await graphs()).toEqual(['model.onnx']);
    expect((await readModelFolder(artifacts.folder, { verify: true })).revision).toBe(before);
  });

  it('writes the same bytes every time', async () => {
    const revision = async () => {
      await exportAll({ variants: ['int8', 'q4'] });
      return (await readModelFolder(artifacts.folder, { verify: true })).revision;
    };
    expect(await revision()).toBe(await revision());
  });

  it('works on folders without a manifest, as others make them', async () => {
    await rm(join(artifacts.folder, 'zooid.json'));
    await exportAll({ variants: ['fused'] });
    expect(await graphs()).toContain('model_fused.onnx');
    expect(await readdir(artifacts.folder)).not.toContain('zooid.json');
  });

  it('refuses what cannot be: other variants, a shared folder, no graph, a damaged one', async () => {
    const refused = async (work: Promise<unknown>) => {
      const error = (await rejection(work)) as Error;
      return `${codeOf(error)}: ${error.message}`;
    };
    expect(await refused(exportAll({ variants: ['int9'] }))).toMatch(/^NAME_UNKNOWN: unknown variant 'int9'/);
    expect(await refused(backend.load(artifacts, { variant: 'int9' }))).toMatch(/^NAME_UNKNOWN/);
    expect(await refused(backend.load(artifacts, { variant: 'q4' }))).toMatch(/has no onnx\/model_q4\.onnx/);
    const shared = { ...artifacts, readOnly: true };
    expect(await refused(backend.exportVariants(shared, { variants: ['fused'], samples: [] }))).toMatch(/shared/);
    await truncate(join(artifacts.folder, 'onnx', 'model.onnx'), 1000);
    expect(await refused(exportAll())).toMatch(/^MODEL_FAILED: .* cannot be rewritten/);
    await rm(join(artifacts.folder, 'onnx', 'model.onnx'));
    expect(await refused(exportAll())).toMatch(/^MODEL_FAILED: .* has no onnx\/model\.onnx and no onnx\/model_fp16/);
  });

  it('goes out from float16 storage where there is no plain graph, and can make that one again', async () => {
    await exportAll({ variants: ['fp16'] });
    const expected = await answer('fp16');
    await rm(join(artifacts.folder, 'onnx', 'model.onnx'));
    expect(backend.findVariants(artifacts)).toEqual({ source: 'fp16', present: ['fp16'] });
    const reports = await exportAll({ variants: ['fp16', 'fp32', 'fused', 'int8', 'q4'], samples: [feeds] });
    expect(reports.map(({ variant, accepted }) => [variant, accepted])).toEqual(
      ['fp16', 'fp32', 'fused', 'int8', 'q4'].map((variant) => [variant, true]),
    );
    const [source, plain, , int8] = reports;
    expect(source).toMatchObject({ file: 'onnx/model_fp16.onnx', maxDifference: 0 });
    expect(plain!.maxDifference).toBe(0);
    expect(plain!.sizeBytes / model.byteLength).toBeCloseTo(1, 2);
    expect(int8!.keptFloat).toContain('classifier.weight');
    expect(compareOutputs(expected, await answer('fp32')).maxDifference).toBe(0);
    expect(backend.findVariants(artifacts).source).toBe('fp32');
    const { manifest } = await readModelFolder(artifacts.folder, { verify: true });
    expect(manifest?.files.map(({ path }) => path)).toContain('onnx/model.onnx');
  });

  it('says when samples do not fit the graph', async () => {
    const error = (await rejection(exportAll({ samples: [{ input_ids: feeds.input_ids! }] }))) as Error;
    expect(error.message).toMatch(/^model 'm': model\.onnx fails on its own examples: /);
  });

  it('stops between steps', async () => {
    const controller = new AbortController();
    const onProgress = ({ step }: { readonly step: string }) => {
      if (step === 'write') controller.abort();
    };
    const error = await rejection(exportAll({ variants: ['fused'], signal: controller.signal, onProgress }));
    expect(codeOf(error)).toBe('ABORTED');
    expect(await graphs()).toEqual(['model.onnx']);
  });
});

describe('an evaluation', () => {
  /** As an app would score: less, the further the logits are from those of the plain graph. */
  const evaluation = (factor: number): VariantEvaluation => ({
    data: 'm validation',
    examples: 2,
    metric: 'accuracy',
    async score(scored) {
      const { logits } = await scored.forward(feeds, { outputs: ['logits'] });
      const expected = (await answer('fp32')).logits!.data as Float32Array;
      const apart = Math.max(...(logits!.data as Float32Array).map((value, i) => Math.abs(value - expected[i]!)));
      return { loss: apart, accuracy: 0.9 - factor * apart };
    },
  });

  it('decides, and is recorded in the manifest and the card', async () => {
    const reports = await exportAll({ variants: ['fp32', 'fused', 'int8'], evaluation: evaluation(0.1) });
    const [source, fused, int8] = reports;
    expect(source).toMatchObject({ comparedOn: 'evaluation', accepted: true });
    expect(fused!.evaluation!.lostPoints).toBeLessThan(1e-3);
    expect(int8).toMatchObject({
      accepted: true,
      decisions: 2,
      evaluation: { data: 'm validation', metric: 'accuracy' },
    });
    expect(int8!.evaluation!.reference).toBeCloseTo(0.9, 6);
    expect(int8!.evaluation!.lostPoints).toBeGreaterThan(1e-3);

    const { manifest } = await readModelFolder(artifacts.folder, { verify: true });
    expect(Object.keys(manifest!.variants!)).toEqual(['fused', 'int8']);
    expect(manifest!.variants!.int8).toEqual({
      file: 'onnx/model_quantized.onnx',
      bytes: int8!.sizeBytes,
      comparedOn: 'm validation, 2 examples',
      maxDifference: int8!.maxDifference,
      maxProbabilityDifference: int8!.maxProbabilityDifference,
      decisions: 2,
      changedDecisions: int8!.changedDecisions,
      metric: 'accuracy',
      value: int8!.evaluation!.value,
      reference: int8!.evaluation!.reference,
    });
    const card = await readFile(join(artifacts.folder, 'README.md'), 'utf8');
    expect(card).toMatch(/^# m\n\n## Variants\n\nMade from `fp32`, and compared with it\.\n\n\| form /);
    expect(card).toMatch(
      /\| int8 \| `onnx\/model_quantized\.onnx` \| 0\.1 \| m validation, 2 examples \| .* \| accuracy 0\.9000 → 0\.\d{4} \|/,
    );

    await rm(join(artifacts.folder, 'onnx', 'model_quantized.onnx'));
    await exportAll({ variants: ['fp16'] });
    const later = await readModelFolder(artifacts.folder, { verify: true });
    expect(Object.keys(later.manifest!.variants!)).toEqual(['fused', 'fp16']);
  });

  it('refuses what loses more points, or changes more decisions, than is tolerated', async () => {
    const [int8] = await exportAll({ variants: ['int8'], evaluation: evaluation(10) });
    expect(int8!.accepted).toBe(false);
    expect(int8!.refusal).toMatch(/^accuracy goes from 0\.9000 to 0\.\d{4}, \d+\.\d\d points, more than 0\.5$/);
    expect(await graphs()).toEqual(['model.onnx']);
    const tolerance = { points: 100 };
    expect((await exportAll({ variants: ['int8'], evaluation: evaluation(10), tolerance }))[0]!.accepted).toBe(true);
    const strict = { difference: 1e-6 };
    const [fp16] = await exportAll({ variants: ['fp16'], evaluation: evaluation(0), tolerance: strict });
    expect(fp16!.refusal).toMatch(/^outputs differ by \S+ of their size, more than 0\.000001$/);
  });

  it('scores the source once, whatever number of forms it is compared with', async () => {
    let scored = 0;
    const counted = {
      ...evaluation(0),
      score: (model: Model) =>
        evaluation(0)
          .score(model)
          .finally(() => scored++),
    };
    await exportAll({ variants: ['fused', 'int8'], evaluation: counted });
    expect(scored).toBe(3);
  });

  it('compares what is in the folder, and changes nothing there', async () => {
    await exportAll({ variants: ['int8'] });
    const before = (await readModelFolder(artifacts.folder, { verify: true })).manifest;
    const reports = await backend.compareVariants(artifacts, {
      variants: ['fp32', 'int8'],
      samples: [],
      evaluation: evaluation(10),
    });
    expect(reports.map(({ variant, accepted }) => [variant, accepted])).toEqual([
      ['fp32', true],
      ['int8', false],
    ]);
    // The plain graph as the engine optimises it, against itself as it stands.
    expect(reports[0]!.maxDifference).toBeLessThan(1e-5);
    expect((await readModelFolder(artifacts.folder, { verify: true })).manifest).toEqual(before);
    const absent = backend.compareVariants(artifacts, { variants: ['q4'], samples: [] });
    expect(((await rejection(absent)) as Error).message).toMatch(/has no onnx\/model_q4\.onnx; zooid export writes it/);
  });
});

describe('draftGraph', () => {
  it('puts large weights beside the graph, where the runtime and the reader find them', async () => {
    const folder = join(artifacts.folder, 'onnx');
    const graph = await readGraph({ folder, file: 'model.onnx' });
    const expected = await answer('fp32');
    {
      await using draft = await draftGraph(graph, folder, 'model_fused.onnx', 1000);
      expect(draft.sizeBytes).toBeGreaterThan(0.9 * model.byteLength);
      await draft.accept();
    }
    expect((await graphs()).sort()).toEqual(['model.onnx', 'model_fused.onnx', 'model_fused.onnx_data']);
    expect(compareOutputs(expected, await answer('fused')).maxDifference).toBe(0);
    expect((await readGraph({ folder, file: 'model_fused.onnx' })).initializers.size).toBe(graph.initializers.size);
    {
      await using draft = await draftGraph(graph, folder, 'model_fused.onnx');
      await draft.accept();
    }
    expect((await graphs()).sort()).toEqual(['model.onnx', 'model_fused.onnx']);
  });
});

async function answer(variant: string): Promise<TensorMap> {
  const loaded = await backend.load(artifacts, { variant });
  try {
    return await loaded.forward(feeds);
  } finally {
    await loaded[Symbol.asyncDispose]();
  }
}
