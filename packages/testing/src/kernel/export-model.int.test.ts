import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKernel, type ExportOptions, exportModel } from '@zooid/kernel';
import { type ModelArtifacts, ModelBackend, type TensorMap, type VariantRequest } from '@zooid/spec';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, rejection } from '../contracts/plugin-contract.js';
import { fakeApp } from '../fakes/fake-app.js';
import { fakeBackend } from '../fakes/fake-backend.js';
import { fakeArtifacts } from '../fakes/fake-model.js';
import { memoryStore } from '../fakes/memory-store.js';
import { pluginOf } from '../fakes/plugin-of.js';

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'zooid-export-'));
  folder = join(root, 'm');
  await mkdir(join(folder, 'run'), { recursive: true });
  await writeFile(join(folder, 'config.json'), '{}');
  await writeFile(join(folder, 'run', 'checkpoint'), 'large');
  await writeFile(join(folder, 'golden.json'), '[{"input":{"text":"a"}},{"input":"b"}]');
});
afterEach(() => rm(root, { recursive: true }));

const graphs: Readonly<Record<string, string>> = { plain: 'model.onnx', half: 'model_fp16.onnx' };

interface Given {
  readonly artifacts?: Partial<ModelArtifacts>;
  readonly withGraph?: boolean;
  readonly withApp?: boolean;
  readonly options?: Partial<ExportOptions>;
}

/** Exports with an exporter that records what it is asked for, beside one that can build networks. */
async function run({ artifacts = {}, withGraph = true, withApp = true, options = {} }: Given = {}) {
  const model = fakeArtifacts({ id: 'm', folder, ...artifacts });
  if (withGraph) {
    await mkdir(join(model.folder, 'onnx'), { recursive: true });
    await writeFile(join(model.folder, 'onnx', 'model.onnx'), 'graph');
  }
  const requests: (VariantRequest & { readonly folder: string })[] = [];
  const feeds: TensorMap = {};
  const exporter = Object.assign(fakeBackend({ name: 'exporter', outputs: () => feeds }), {
    variants: ['plain', 'small', 'half'],
    findVariants: (of: ModelArtifacts) => {
      const present = ['plain', 'half'].filter((variant) => existsSync(join(of.folder, 'onnx', graphs[variant]!)));
      return present[0] === undefined ? { present } : { source: present[0], present };
    },
    async exportVariants(of: ModelArtifacts, request: VariantRequest) {
      requests.push({ ...request, folder: of.folder });
      return request.variants.map((variant) => ({
        variant,
        file: `onnx/${variant}`,
        sizeBytes: 1,
        accepted: true,
        maxDifference: 0,
        relativeDifference: 0,
        maxProbabilityDifference: 0,
        decisions: 0,
        changedDecisions: 0,
        keptFloat: [],
        comparedOn: 'samples' as const,
      }));
    },
    compareVariants: async () => [],
  });
  const builder = Object.assign(fakeBackend({ name: 'builder', supports: ({ id }) => id === 'm' }), {
    async exportGraph(of: ModelArtifacts) {
      await mkdir(join(of.folder, 'onnx'));
      await writeFile(join(of.folder, 'onnx', 'model.onnx'), 'built');
    },
  });
  const apps = withApp ? [fakeApp().plugin] : [];
  const kernel = await createKernel({
    plugins: [
      memoryStore([model]).plugin,
      pluginOf('backend-exporter', ModelBackend, exporter),
      pluginOf('backend-builder', ModelBackend, builder),
      ...apps,
    ],
  });
  try {
    const result = await exportModel(kernel, 'm', { variants: ['small'], ...options });
    return { result, requests, loaded: exporter.models };
  } finally {
    await kernel[Symbol.asyncDispose]();
  }
}

const refusal = async (work: Promise<unknown>): Promise<Error> => (await rejection(work)) as Error;

const manifest = { app: 'echo', golden: 'golden.json' };

describe('exportModel', () => {
  it('asks for the plain form and those wanted, with what the app feeds the model for each golden item', async () => {
    const { result, requests, loaded } = await run({ artifacts: { manifest }, options: { tolerance: { points: 2 } } });
    expect(requests).toMatchObject([
      { variants: ['plain', 'small'], samples: [{}, {}], tolerance: { points: 2 }, folder },
    ]);
    expect(result).toMatchObject({ model: 'm', folder, goldenSamples: 2 });
    expect(result.variants.map(({ variant }) => variant)).toEqual(['plain', 'small']);
    expect(loaded).toHaveLength(1);
    expect(loaded[0]!.disposals).toBe(1);
  });

  it.each<[string, Given]>([
    ['nobody knows the app', { artifacts: { manifest }, withApp: false }],
    ['there is no golden file', { artifacts: { manifest: { app: 'echo' } } }],
    ['the folder is not one of ours', {}],
  ])('leaves the samples to the backend when %s', async (_, given) => {
    expect((await run(given)).requests[0]!.samples).toEqual([]);
  });

  it('has the plain graph built where the folder has none', async () => {
    await run({ withGraph: false });
    expect(await readFile(join(folder, 'onnx', 'model.onnx'), 'utf8')).toBe('built');
  });

  it('goes out from float16 storage where a folder has nothing else', async () => {
    await mkdir(join(folder, 'onnx'));
    await writeFile(join(folder, 'onnx', 'model_fp16.onnx'), 'graph');
    const { requests, loaded } = await run({ withGraph: false, options: { variants: ['plain', 'small'] } });
    expect(loaded).toHaveLength(1);
    expect(requests[0]!.variants).toEqual(['half', 'plain', 'small']);
    expect(existsSync(join(folder, 'onnx', 'model.onnx'))).toBe(false);
  });

  it('says so when nobody can build it', async () => {
    const kernel = await createKernel({
      plugins: [
        memoryStore([fakeArtifacts({ id: 'm', folder })]).plugin,
        pluginOf('backend-exporter', ModelBackend, {
          ...fakeBackend(),
          variants: ['plain'],
          findVariants: () => ({ present: [] }),
          exportVariants: async () => [],
          compareVariants: async () => [],
        }),
      ],
    });
    const error = await refusal(exportModel(kernel, 'm', { variants: [] }));
    expect(error.message).toMatch(/no onnx\/model\.onnx .* no loaded backend can build its network/);
    await kernel[Symbol.asyncDispose]();
  });

  it('copies the model when asked to, without checkpoints, and leaves the original alone', async () => {
    const output = join(root, 'copy');
    await symlink(join(folder, 'config.json'), join(folder, 'link.json'));
    const { result, requests } = await run({ withGraph: false, options: { output } });
    expect(result.folder).toBe(output);
    expect(requests[0]!.folder).toBe(output);
    expect(existsSync(join(folder, 'onnx'))).toBe(false);
    expect(existsSync(join(output, 'run'))).toBe(false);
    await rm(join(folder, 'config.json'));
    expect(await readFile(join(output, 'link.json'), 'utf8')).toBe('{}');
    const again = await refusal(run({ options: { output } }));
    expect(codeOf(again)).toBe('VALIDATION_FAILED');
    expect(again.message).toContain('holds something already; name a new folder');
  });

  it('never writes into a shared folder', async () => {
    const message = /\/output is required: model 'm' is in .* is shared with other programs and must not be changed/;
    const marked = await refusal(run({ artifacts: { readOnly: true } }));
    expect(codeOf(marked)).toBe('VALIDATION_FAILED');
    expect(marked.message).toMatch(message);
    const snapshot = join(root, 'models--org--name', 'snapshots', 'a'.repeat(40));
    await mkdir(snapshot, { recursive: true });
    expect((await refusal(run({ artifacts: { folder: snapshot } }))).message).toMatch(message);
    await run({ artifacts: { folder: snapshot, readOnly: true }, options: { output: join(root, 'own') } });
  });

  it('refuses variants that there are not before it writes anything', async () => {
    const output = join(root, 'copy');
    const error = await refusal(run({ options: { variants: ['smal'], output } }));
    expect(codeOf(error)).toBe('NAME_UNKNOWN');
    expect(error.message).toContain("unknown variant 'smal'; did you mean 'small'");
    expect(existsSync(output)).toBe(false);
  });

  it.each([
    ['../golden.json', 'lies outside the folder'],
    ['missing.json', 'cannot be read'],
    ['config.json', 'must hold an array of cases'],
  ])('refuses the golden file %s', async (golden, message) => {
    const error = await refusal(run({ artifacts: { manifest: { app: 'echo', golden } } }));
    expect(error.message).toContain(message);
  });

  it('tells which golden item the app refuses', async () => {
    await writeFile(join(folder, 'golden.json'), '[{"input":{"txt":"a"}}]');
    const error = await refusal(run({ artifacts: { manifest } }));
    expect(error.message).toContain('txt');
  });
});
