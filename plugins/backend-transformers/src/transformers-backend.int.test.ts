import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSafetensors } from '@zooid/hub';
import { createKernel } from '@zooid/kernel';
import type { Model, ModelArtifacts } from '@zooid/spec';
import { type TensorMap, tensor, toNumbers } from '@zooid/tensor';
import { describeBackendContract, goldenFeeds, goldenModels, rejection } from '@zooid/testing';
import { afterAll, describe, expect, it } from 'vitest';
import backend from './index.js';
import { golden, goldenConfig, type Weights, weightsOf, writeFolder } from './tiny-folder.fixture.js';

const root = await mkdtemp(join(tmpdir(), 'zooid-transformers-'));
afterAll(() => rm(root, { recursive: true, force: true }));

const settings = { workers: 1, scratch: join(root, 'scratch') };
let folders = 0;
const newFolder = () => join(root, `model-${folders++}`);

/** Loads a folder, works with the model, and lets go of it. */
async function withModel<T>(
  artifacts: ModelArtifacts,
  work: (model: Model) => Promise<T>,
  overrides: object = {},
): Promise<T> {
  const kernel = await createKernel({
    plugins: [backend],
    config: { settings: { 'backend-transformers': { ...settings, ...overrides } } },
  });
  try {
    await using model = await kernel.backends.get('transformers').load(artifacts);
    return await work(model);
  } finally {
    await kernel[Symbol.asyncDispose]();
  }
}

/** The batch of a golden model, as far as a graph asks for it. */
const feedsFor = ({ inputs }: Model, feeds: TensorMap): TensorMap =>
  Object.fromEntries(inputs!.map(({ name }) => [name, feeds[name]!]));

const bert = golden('bert');
const config = goldenConfig(bert, 'masked-language-model');
const firstLogits = (artifacts: ModelArtifacts) =>
  withModel(artifacts, async (model) => {
    const { logits } = await model.forward(feedsFor(model, goldenFeeds(bert)));
    return toNumbers(logits!).slice(0, 6);
  });

function expectGolden(actual: readonly number[], expected: readonly number[], tolerance = 1e-5): void {
  for (const [i, value] of expected.entries())
    expect(Math.abs(actual[i]! - value)).toBeLessThan(tolerance * Math.max(1, Math.abs(value)));
}

const roberta = golden('roberta');
const robertaConfig = goldenConfig(roberta, 'sequence-classification');
const { input_ids, attention_mask } = goldenFeeds(roberta);
describeBackendContract(backend, {
  settings: { ...settings, workers: 2 },
  artifacts: () => writeFolder(newFolder(), robertaConfig, weightsOf(robertaConfig)),
  damaged: () => writeFolder(newFolder(), { ...robertaConfig, hidden_size: 24 }, weightsOf(robertaConfig)),
  inputs: {
    input_ids: tensor('int64', [2, 17, 8, 30, 21, 9, 3], [1, 7]),
    attention_mask: tensor('int64', [1, 1, 1, 1, 1, 1, 1], [1, 7]),
  },
  expected: { logits: tensor('float32', roberta.tasks['sequence-classification']!.logits, [1, 3]) },
  invalid: [
    {
      why: 'an input it does not have',
      inputs: { input_ids, attention_mask, token_type_ids: input_ids } as TensorMap,
      says: "no input 'token_type_ids'",
    },
    { why: 'a missing input', inputs: { input_ids } as TensorMap, says: "input 'attention_mask' is missing" },
  ],
});

describe('the network of a folder', () => {
  const cases = goldenModels().flatMap((model) => Object.keys(model.tasks).map((task) => ({ model, task })));
  it.each(cases)("is $model.name's with a head for $task, to PyTorch's logits", async ({ model, task }) => {
    const folderConfig = goldenConfig(model, task);
    const artifacts = await writeFolder(newFolder(), folderConfig, weightsOf(folderConfig));
    const logits = await withModel(artifacts, async (loaded) => {
      expect(loaded.outputs!.map(({ name }) => name)).toEqual(['logits']);
      const outputs = await loaded.forward(feedsFor(loaded, goldenFeeds(model)));
      return toNumbers(outputs.logits!);
    });
    expectGolden(logits, model.tasks[task]!.logits);
  });

  it('is the base model when the config names no architecture', async () => {
    const { architectures: _, ...bare } = config;
    const artifacts = await writeFolder(newFolder(), bare, weightsOf(config));
    await withModel(artifacts, async ({ inputs, outputs }) => {
      expect(inputs!.map(({ name }) => name)).toEqual(['input_ids', 'attention_mask', 'token_type_ids']);
      expect(outputs).toEqual([{ name: 'last_hidden_state', dtype: 'float32', shape: ['batch', 'sequence', 12] }]);
    });
  });
});

describe('weights', () => {
  const write = (change: (weights: Weights) => void) => {
    const weights = weightsOf(config);
    change(weights);
    return writeFolder(newFolder(), config, weights);
  };
  const some = (...dims: number[]) => tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)), dims);

  it('may come without the prefix, with gamma and beta, and with tensors of other tasks', async () => {
    const artifacts = await write((weights) => {
      for (const [name, value] of [...weights]) {
        weights.delete(name);
        const bare = name.replace(/^bert\./, '').replace(/LayerNorm\.weight$/, 'LayerNorm.gamma');
        weights.set(bare.replace(/LayerNorm\.bias$/, 'LayerNorm.beta'), value);
      }
      weights.set('embeddings.position_ids', tensor('int64', [0, 1, 2], [1, 3]));
      weights.set('pooler.dense.weight', some(12, 12));
      weights.set('cls.seq_relationship.weight', some(2, 12));
      weights.set('cls.predictions.decoder.weight', some(31, 12));
    });
    expectGolden(await firstLogits(artifacts), bert.tasks['masked-language-model']!.logits);
  });

  it('may lie in shards', async () => {
    const artifacts = await write(() => {});
    const weights = [...weightsOf(config)];
    const shards = {
      'model-00001-of-00002.safetensors': weights.slice(0, 9),
      'model-00002-of-00002.safetensors': weights.slice(9),
    };
    for (const [file, tensors] of Object.entries(shards)) await writeSafetensors(join(artifacts.folder, file), tensors);
    const weightMap = Object.entries(shards).flatMap(([file, tensors]) => tensors.map(([name]) => [name, file]));
    const index = JSON.stringify({ metadata: {}, weight_map: Object.fromEntries(weightMap) });
    await writeFile(join(artifacts.folder, 'model.safetensors.index.json'), index);
    await rm(join(artifacts.folder, 'model.safetensors'));
    expectGolden(await firstLogits(artifacts), bert.tasks['masked-language-model']!.logits);
  });

  it('may be half precision', async () => {
    const artifacts = await write((weights) => {
      for (const [name, { data, dims }] of weights) weights.set(name, tensor('float16', toHalves(data), dims));
    });
    expectGolden(await firstLogits(artifacts), bert.tasks['masked-language-model']!.logits, 2e-2);
  });

  it('that are missing, misshapen, of integers or of no known part are all named', async () => {
    const artifacts = await write((weights) => {
      weights.delete('bert.embeddings.LayerNorm.bias');
      weights.set('cls.predictions.bias', some(30));
      weights.set('cls.predictions.transform.dense.bias', tensor('int64', Array(12).fill(1), [12]));
      weights.set('bert.encoder.layer.2.output.dense.bias', some(12));
    });
    const error = await rejection(firstLogits(artifacts));
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED' });
    for (const words of [
      'BertForMaskedLM',
      "'bert.embeddings.LayerNorm.bias' [12] is missing",
      "'cls.predictions.bias' has shape [30], the model needs [31]",
      "'cls.predictions.transform.dense.bias' is int64",
      "'bert.encoder.layer.2.output.dense.bias' belongs to no part of BertForMaskedLM",
    ])
      expect((error as Error).message).toContain(words);
  });

  it('whose vocabulary is not the config’s are refused as such', async () => {
    const artifacts = await write((weights) => {
      weights.set('bert.embeddings.word_embeddings.weight', some(40, 12));
    });
    const { message } = (await rejection(firstLogits(artifacts))) as Error;
    expect(message).toContain('vocab_size of 31');
    expect(message).toContain('has 40 rows');
  });

  it('that hold a NaN are refused, and leave nothing behind', async () => {
    const artifacts = await write((weights) => {
      (weights.get('cls.predictions.bias')!.data as Float32Array)[3] = Number.NaN;
    });
    const error = await rejection(firstLogits(artifacts));
    expect(error).toMatchObject({ code: 'MODEL_CHECKPOINT' });
    expect((error as Error).message).toContain("'cls.predictions.bias' holds NaN at element 3");
    expect(await readdir(settings.scratch)).toEqual([]);
  });

  it('are kept in the scratch folder as long as the model is loaded', async () => {
    const artifacts = await write(() => {});
    await withModel(artifacts, async () => {
      expect(await readdir(settings.scratch)).toHaveLength(1);
    });
    expect(await readdir(settings.scratch)).toEqual([]);
  });

  it('are shared by all workers where that is wanted, and answer the same', async () => {
    const wide = { ...config, hidden_size: 64, num_attention_heads: 4, intermediate_size: 128 };
    const artifacts = await writeFolder(newFolder(), wide, weightsOf(wide));
    const told = (sharedWeights: string) =>
      withModel(
        artifacts,
        async (model) => {
          const { logits } = await model.forward(feedsFor(model, goldenFeeds(bert)));
          return { logits: toNumbers(logits!), bytes: model.memoryBytes! };
        },
        { workers: 2, sharedWeights },
      );
    const [own, shared] = [await told('never'), await told('always')];
    expect(shared.bytes).toBeLessThan(own.bytes);
    expectGolden(shared.logits, own.logits);
    expect(await readdir(settings.scratch)).toEqual([]);
  });
});

describe('a config', () => {
  it.each([
    ['a model type of others', { model_type: 'llama' }, 'must be one of bert, roberta'],
    ['an architecture of others', { architectures: ['BertForQuestionAnswering'] }, 'must name one of BertModel'],
    ['fields that are wrong', { hidden_size: 'wide' }, '/hidden_size must be a positive integer, got "wide"'],
    ['a network without end', { num_hidden_layers: 1e9 }, '/num_hidden_layers must be'],
  ])('with %s is refused', async (_what, change, says) => {
    const artifacts = await writeFolder(newFolder(), config, weightsOf(config));
    const error = await rejection(firstLogits({ ...artifacts, config: { ...config, ...change } }));
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED' });
    expect((error as Error).message).toContain(says);
  });
});

/** Rounds towards zero, which is near enough to tell that halves were read. */
function toHalves(data: ArrayLike<number | bigint>): Uint16Array {
  const bits = new Uint32Array(Float32Array.from({ length: data.length }, (_, i) => Number(data[i])).buffer);
  return Uint16Array.from(bits, (word) => {
    const exponent = ((word >>> 23) & 0xff) - 112;
    return exponent <= 0 ? 0 : ((word >>> 16) & 0x8000) | (exponent << 10) | ((word >>> 13) & 0x3ff);
  });
}
