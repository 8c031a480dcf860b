import { access, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { readModelFolder, writeModelFolder } from '@zooid/hub';
import { createKernel, type Kernel } from '@zooid/kernel';
import { readModel } from '@zooid/onnx';
import type { ModelArtifacts } from '@zooid/spec';
import { type HostTensor, toNumbers } from '@zooid/tensor';
import { goldenFeeds, rejection } from '@zooid/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { exportNetwork } from './export-network.js';
import backend, { buildGraph } from './index.js';
import { golden, goldenConfig, weightsOf, writeFolder } from './tiny-folder.fixture.js';

const root = await mkdtemp(join(tmpdir(), 'zooid-export-network-'));
const model = golden('distilbert');
const config = goldenConfig(model, 'masked-language-model');
const feeds = () => {
  const { input_ids, attention_mask } = goldenFeeds(model);
  return { input_ids: input_ids!, attention_mask: attention_mask! };
};
const expected = model.tasks['masked-language-model']!.logits;

let kernel: Kernel;
beforeAll(async () => {
  const settings = { 'backend-onnx': { workers: 1 }, 'backend-transformers': { workers: 1 } };
  kernel = await createKernel({ plugins: [backendOnnx, backend], config: { settings } });
});
afterAll(async () => {
  await kernel[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

async function expectServed(artifacts: ModelArtifacts): Promise<void> {
  const onnx = kernel.backends.get('onnx');
  expect(onnx.supports(artifacts)).toBe(true);
  await using served = await onnx.load(artifacts);
  const logits = toNumbers((await served.forward(feeds())).logits!);
  for (const [i, value] of expected.entries()) expect(Math.abs(logits[i]! - value)).toBeLessThan(1e-5);
}

describe('an exported graph', () => {
  it('is served by the ONNX backend, weights inside', async () => {
    const artifacts = await writeFolder(join(root, 'inside'), config, weightsOf(config));
    await kernel.backends.get('transformers').exportGraph!(artifacts);
    expect(await readdir(join(artifacts.folder, 'onnx'))).toEqual(['model.onnx']);
    await expectServed(artifacts);
  });

  it('is served with its weights beside it, when they are too large to lie inside', async () => {
    const artifacts = await writeFolder(join(root, 'beside'), config, weightsOf(config));
    await exportNetwork(artifacts, { maxInsideBytes: 0 });
    expect((await readdir(join(artifacts.folder, 'onnx'))).sort()).toEqual(['model.onnx', 'model.onnx_data']);
    await expectServed(artifacts);
  });

  it('is vouched for by the manifest of a folder that has one', async () => {
    const folder = join(root, 'sealed');
    await writeModelFolder(folder, {
      config,
      weights: weightsOf(config) as Map<string, HostTensor<'float32'>>,
      files: new Map(),
      manifest: {
        id: 'tiny',
        app: 'fill-mask',
        method: 'fine-tune',
        recipe: {},
        data: [],
        seeds: [1],
        metrics: {},
        createdWith: {},
      },
      card: '# tiny\n',
    });
    await kernel.backends.get('transformers').exportGraph!({ id: 'tiny', revision: 'r', folder, config });
    const { manifest } = await readModelFolder(folder, { verify: true });
    expect(manifest?.files.map(({ path }) => path)).toContain('onnx/model.onnx');
  });

  it('is never written over another, nor into a folder that others share', async () => {
    const artifacts = await writeFolder(join(root, 'taken'), config, weightsOf(config));
    await mkdir(join(artifacts.folder, 'onnx'));
    await writeFile(join(artifacts.folder, 'onnx/model.onnx'), 'theirs');
    const { exportGraph } = kernel.backends.get('transformers');
    expect(((await rejection(exportGraph!(artifacts))) as Error).message).toContain('is there already');
    expect(await readFile(join(artifacts.folder, 'onnx/model.onnx'), 'utf8')).toBe('theirs');

    const shared = { ...(await writeFolder(join(root, 'shared'), config, weightsOf(config))), readOnly: true };
    expect(((await rejection(exportGraph!(shared))) as Error).message).toContain('copy the folder');
  });

  it('leaves nothing behind when the weights are refused', async () => {
    const weights = weightsOf(config);
    (weights.get('vocab_projector.bias')!.data as Float32Array)[0] = Number.POSITIVE_INFINITY;
    const artifacts = await writeFolder(join(root, 'infinite'), config, weights);
    for (const maxInsideBytes of [0, Number.POSITIVE_INFINITY]) {
      expect(await rejection(exportNetwork(artifacts, { maxInsideBytes }))).toMatchObject({ code: 'MODEL_CHECKPOINT' });
      expect(await readdir(join(artifacts.folder, 'onnx')).catch(() => [])).toEqual([]);
    }
  });
});

describe('buildGraph', () => {
  it('gives the graph that is exported', async () => {
    const artifacts = await writeFolder(join(root, 'graph'), config, weightsOf(config));
    const graph = await buildGraph(artifacts);
    await exportNetwork(artifacts);
    const written = readModel(new Uint8Array(await readFile(join(artifacts.folder, 'onnx/model.onnx'))));
    expect(graph.inputs.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask']);
    expect(written.outputs.map(({ name }) => name)).toEqual(graph.outputs.map(({ name }) => name));
    expect(written.initializers.size).toBe(graph.initializers.size);
  });
});

describe('a folder with weights and a graph', () => {
  it('is served by the graph', async () => {
    const artifacts = await writeFolder(join(root, 'both'), config, weightsOf(config));
    const chosen = () => [...kernel.backends].find((candidate) => candidate.supports(artifacts))!.name;
    expect(chosen()).toBe('transformers');
    await kernel.backends.get('transformers').exportGraph!(artifacts);
    await access(join(artifacts.folder, 'onnx/model.onnx'));
    expect(chosen()).toBe('onnx');
  });
});
