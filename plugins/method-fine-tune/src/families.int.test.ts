import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@zooid/common';
import { readModelFolder, readModelWeights, writeSafetensors } from '@zooid/hub';
import { encoderFamily, GraphBuilder, initialise } from '@zooid/nn';
import { type App, type ModelArtifacts, validateDto } from '@zooid/spec';
import { Random, tensor } from '@zooid/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FineTune } from './fine-tune.js';
import { FineTuneOptions } from './options.js';
import { toyApp, toyExamples, toySplit } from './toy-app.fixture.js';

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'zooid-families-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const sizes = {
  vocab_size: 29,
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 18,
  pad_token_id: 0,
  // Wide enough that so small an encoder learns in seconds.
  initializer_range: 0.15,
};
const configs = [
  { ...sizes, model_type: 'roberta', type_vocab_size: 1 },
  { ...sizes, model_type: 'electra', embedding_size: 8 },
  { ...sizes, model_type: 'albert', embedding_size: 8 },
  {
    model_type: 'distilbert',
    vocab_size: 29,
    dim: 16,
    n_layers: 1,
    n_heads: 2,
    hidden_dim: 32,
    max_position_embeddings: 18,
    initializer_range: 0.15,
  },
] as const;

/** A folder with random weights of a bare encoder, as the Hub has them. */
async function baseOf(config: Readonly<Record<string, unknown>>): Promise<ModelArtifacts> {
  const folder = await mkdtemp(join(directory, 'base-'));
  const family = encoderFamily(config);
  const builder = new GraphBuilder();
  family.build(builder, family.parse(config));
  const random = new Random(3);
  const weights = builder.parameters.map(
    (parameter) => [parameter.name, tensor('float32', initialise(parameter, random), parameter.shape)] as const,
  );
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeSafetensors(join(folder, 'model.safetensors'), weights);
  return { id: 'base', revision: 'r', folder, config };
}

describe.each(configs)('a base of model type $model_type', (config) => {
  it('is fine-tuned by an app that knows no families, and keeps its names', async () => {
    const base = await baseOf(config);
    const output = join(directory, config.model_type);
    const options = validateDto(
      FineTuneOptions,
      { epochs: 8, batchSize: 16, learningRate: 5e-3, dropout: 0, bootstrap: 50 },
      'train',
    );
    const { metrics } = await new FineTune().run(
      {
        app: toyApp as unknown as App,
        appOptions: {},
        options,
        base,
        data: {
          train: toySplit('train', toyExamples(160, 1)),
          validation: toySplit('validation', toyExamples(40, 2)),
          resources: {},
        },
        seed: 5,
        recipe: { app: 'toy', method: 'fine-tune', model: 'base', train: { ...options } },
        output,
        resume: false,
      },
      { logger: silentLogger, progress: () => {} },
    );
    expect(metrics.accuracy).toBeGreaterThan(0.9);

    const folder = await readModelFolder(output, { verify: true });
    const family = encoderFamily(config);
    const [hidden, attention] = family.dropoutKeys;
    expect(folder.config).toMatchObject({ ...config, [hidden]: 0, [attention]: 0 });
    const trained = await readModelWeights(output);
    const started = await readModelWeights(base.folder);
    for (const name of started.tensors.keys()) expect([...trained.tensors.keys()]).toContain(name);
    expect(trained.tensors.get(`${family.prefix}.embeddings.word_embeddings.weight`)).not.toEqual(
      started.tensors.get(`${family.prefix}.embeddings.word_embeddings.weight`),
    );
  });
});
