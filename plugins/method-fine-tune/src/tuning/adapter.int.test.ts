import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ValidationError } from '@zooid/common';
import { readModelWeights, readSafetensors, writeSafetensors } from '@zooid/hub';
import { type DeclaredParameter, encoderFamily, GraphBuilder, sequenceClassificationHead } from '@zooid/nn';
import type { ModelArtifacts } from '@zooid/spec';
import { type HostTensor, tensor, zeros } from '@zooid/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AdapterRequest, readAdapter } from './read-adapter.js';
import { mergeAll } from './tuning.js';
import { baseOf, bert, equal, runTuning, scratchFolder, tuningJob } from './tuning-job.fixture.js';

const directory = scratchFolder();
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** A BERT-shaped classifier's parameters. */
function declared(config: Readonly<Record<string, unknown>>, labels: number): readonly DeclaredParameter[] {
  const family = encoderFamily(config);
  const builder = new GraphBuilder();
  const parsed = family.parse(config);
  sequenceClassificationHead(builder, parsed, family.build(builder, parsed), labels);
  return builder.parameters;
}

const query = 'bert.encoder.layer.0.attention.self.query';
const request = (changes: Partial<AdapterRequest> = {}): AdapterRequest => ({
  family: encoderFamily(bert),
  declared: declared(bert, 2),
  alpha: undefined,
  signal: undefined,
  ...changes,
});

/** A folder in PEFT's layout. */
async function peftFolder(config: unknown, tensors: Record<string, HostTensor>): Promise<string> {
  const folder = mkdtempSync(join(directory, 'peft-'));
  writeFileSync(join(folder, 'adapter_config.json'), typeof config === 'string' ? config : JSON.stringify(config));
  await writeSafetensors(join(folder, 'adapter_model.safetensors'), Object.entries(tensors));
  return folder;
}

const filled = (dims: readonly number[], value = 1): HostTensor<'float32'> =>
  tensor('float32', new Float32Array(dims.reduce((a, b) => a * b, 1)).fill(value), dims);
const pair = {
  [`base_model.model.${query}.lora_A.weight`]: filled([4, 32], 0.5),
  [`base_model.model.${query}.lora_B.weight`]: filled([32, 4], 2),
};
const failure = async (path: string, changes: Partial<AdapterRequest> = {}): Promise<string> => {
  const error = await readAdapter(path, request(changes)).catch((caught: unknown) => caught);
  expect(error).toBeInstanceOf(ValidationError);
  return (error as Error).message;
};

describe('reading an adapter', () => {
  it("finds PEFT's names and scale, and leaves the head of another task out", async () => {
    const config = { peft_type: 'LORA', lora_alpha: 6, r: 4 };
    const folder = await peftFolder(config, { ...pair, 'base_model.model.classifier.weight': filled([5, 32]) });
    const adapter = await readAdapter(folder, request());
    expect(adapter.plan).toEqual(new Map([[query, { rank: 4, scale: 1.5 }]]));
    expect(adapter.weights.get(`${query}.lora_A.weight`)).toEqual(filled([4, 32], 0.5));
    expect(adapter.unused).toEqual(['base_model.model.classifier.weight']);

    const weights = new Map([[`${query}.weight`, filled([32, 32], 7)], ...adapter.weights]);
    const merged = mergeAll(weights, adapter.plan);
    // 7 + 1.5 · (4 products of 2 and 0.5)
    expect(merged).toEqual(new Map([[`${query}.weight`, filled([32, 32], 13)]]));
    expect(weights.get(`${query}.weight`)).toEqual(filled([32, 32], 7));
  });

  it('divides by the root of the rank where the adapter is rank-stabilised', async () => {
    const folder = await peftFolder({ peft_type: 'LORA', lora_alpha: 6, use_rslora: true }, pair);
    expect((await readAdapter(folder, request())).plan.get(query)).toEqual({ rank: 4, scale: 3 });
  });

  it('asks for the alpha that nobody tells, and for one only', async () => {
    const folder = await peftFolder({ peft_type: 'LORA', lora_alpha: 6 }, pair);
    expect(await failure(folder, { alpha: 8 })).toMatch(
      /\/train\/adapterAlpha is 8, but adapter_config\.json .* says 6/,
    );
    const bare = join(mkdtempSync(join(directory, 'bare-')), 'lora.safetensors');
    await writeSafetensors(bare, Object.entries(pair));
    expect(await failure(bare)).toMatch(/\/train\/adapterAlpha is needed: no adapter_config\.json beside/);
    const { plan, digest } = await readAdapter(bare, request({ alpha: 8 }));
    expect(plan.get(query)).toEqual({ rank: 4, scale: 2 });
    expect(digest).toMatch(/^[0-9a-f]{64} alpha 8$/);
  });

  it.each([
    ['{', /adapter_config\.json.* is not JSON/],
    ['null', /must hold a JSON object/],
    [{ peft_type: 'IA3', lora_alpha: '8' }, /\/peft_type must be 'LORA', got "IA3"; \/lora_alpha must be a number > 0/],
    [{ peft_type: 'LORA', lora_alpha: 8, alpha_pattern: { query: 2 } }, /\/alpha_pattern is not supported/],
    [{ peft_type: 'LORA', lora_alpha: 8, use_dora: true }, /\/use_dora is not supported/],
  ])('refuses the description %j', async (config, message) => {
    expect(await failure(await peftFolder(config, pair))).toMatch(message);
  });

  it('names tensors that are not finite or do not fit, and a folder without weights', async () => {
    const config = { peft_type: 'LORA', lora_alpha: 8 };
    const wrong = { ...pair, [`base_model.model.${query}.lora_B.weight`]: filled([32, 4], Number.NaN) };
    expect(await failure(await peftFolder(config, wrong))).toMatch(/query\.lora_B\.weight' holds NaN/);
    const wide = { ...pair, [`base_model.model.${query}.lora_A.weight`]: filled([4, 33]) };
    expect(await failure(await peftFolder(config, wide))).toMatch(/makes an update \[32, 33\]/);
    const empty = join(directory, 'empty');
    mkdirSync(empty);
    expect(await failure(empty)).toMatch(/\/data\/resources\/adapter names .*empty, which has no adapter_model/);
  });
});

describe('an adapter that was saved', () => {
  let base: ModelArtifacts;
  let first: string;
  let adapter: string;
  beforeAll(async () => {
    base = await baseOf(directory, bert);
    first = join(directory, 'first');
    adapter = join(first, 'adapter');
    const lora = { rank: 3, alpha: 16, save: true, targets: ['*.query', '*.layer.1.*.value'], initializer: 'gaussian' };
    await runTuning(tuningJob({ output: first, base, train: { maxSteps: 3, lora }, examples: 32 })).result;
  }, 60_000);

  it("is in PEFT's layout, with what was trained whole", async () => {
    const { tensors } = await readSafetensors(join(adapter, 'adapter_model.safetensors'));
    const wrapped = (name: string) => `base_model.model.bert.encoder.layer.${name}`;
    const updated = ['0.attention.self.query', '1.attention.self.query', '1.attention.self.value'];
    expect([...tensors.keys()].sort()).toEqual(
      [
        ...updated.flatMap((path) => [wrapped(`${path}.lora_A.weight`), wrapped(`${path}.lora_B.weight`)]),
        ...['bert.pooler.dense', 'classifier'].flatMap((path) => [
          `base_model.model.${path}.bias`,
          `base_model.model.${path}.weight`,
        ]),
      ].sort(),
    );
    expect(tensors.get(wrapped('0.attention.self.query.lora_A.weight'))!.dims).toEqual([3, 32]);
    expect(JSON.parse(readFileSync(join(adapter, 'adapter_config.json'), 'utf8'))).toMatchObject({
      peft_type: 'LORA',
      task_type: 'SEQ_CLS',
      base_model_name_or_path: 'org/base',
      r: 3,
      lora_alpha: 16,
      target_modules: ['query', 'bert.encoder.layer.1.attention.self.value'],
      modules_to_save: ['bert.pooler.dense', 'classifier'],
    });
  });

  it.each([
    ['is merged into the base, bit for bit, where training goes on without it', {}],
    [
      'goes on beside the base',
      { lora: {}, freeze: ['bert.embeddings.*', 'bert.encoder.*', 'bert.pooler.*', '*.lora_*'] },
    ],
  ])('%s', async (_, train) => {
    const output = mkdtempSync(join(directory, 'onward-'));
    const freeze = ['bert.embeddings.*', 'bert.encoder.*', 'bert.pooler.*'];
    await runTuning(tuningJob({ output, base, adapter, train: { maxSteps: 1, freeze, ...train }, examples: 32 }))
      .result;
    const [before, after] = [(await readModelWeights(first)).tensors, (await readModelWeights(output)).tensors];
    const differing = [...before.keys()].filter((name) => !equal(before.get(name), after.get(name)));
    expect(differing.filter((name) => !name.startsWith('classifier.'))).toEqual([]);
    expect([...after.keys()].sort()).toEqual([...before.keys()].sort());
  });

  it('says rank, alpha and targets itself, and needs a base', async () => {
    const train = { lora: { rank: 3, targets: ['*.query'] } };
    const refused = (job: ReturnType<typeof tuningJob>) => expect(runTuning(job).result).rejects;
    await refused(tuningJob({ output: join(directory, 'no'), base, adapter, train, examples: 32 })).toThrow(
      '/train/lora/rank must be left out: the adapter to start from says it; /train/lora/targets must be left out',
    );
    await refused(tuningJob({ output: join(directory, 'no'), adapter, train: {}, examples: 32 })).toThrow(
      '/data/resources/adapter needs a base model',
    );
  });
});

/** Microsoft's adapter of RoBERTa-base for MNLI, as published; MIT. */
const published = ['roberta_base_lora_mnli.bin', 'adapter.safetensors'].flatMap((name) =>
  [process.env.ZOOID_DATA, fileURLToPath(new URL('../../../../../shared/data', import.meta.url))]
    .map((data) => join(data ?? '', 'weights-lora-roberta-mnli', name))
    .filter((path) => existsSync(path)),
);

describe.runIf(published.length > 0).each(published.map((file) => ({ file })))(
  'the published adapter $file',
  ({ file }) => {
    it('loads, maps and merges onto a model of the shape of RoBERTa-base', async () => {
      // Embeddings and feed-forward layers are narrow here: the adapter does not touch them.
      const config = {
        model_type: 'roberta',
        vocab_size: 50,
        hidden_size: 768,
        num_hidden_layers: 12,
        num_attention_heads: 12,
        intermediate_size: 4,
        max_position_embeddings: 514,
        type_vocab_size: 1,
        pad_token_id: 1,
      };
      const parameters = declared(config, 3);
      const family = encoderFamily(config);
      const adapter = await readAdapter(file, request({ family, declared: parameters, alpha: 16 }));
      expect(adapter.plan.size).toBe(24);
      expect([...adapter.plan.values()]).toEqual(Array(24).fill({ rank: 8, scale: 2 }));
      expect(adapter.unused).toEqual([]);

      const base = new Map(parameters.map(({ name, shape }) => [name, zeros('float32', shape)]));
      const merged = mergeAll(new Map([...base, ...adapter.weights]), adapter.plan);
      expect([...merged.keys()].sort()).toEqual([...base.keys()].sort());
      for (const name of ['classifier.dense.weight', 'classifier.out_proj.bias']) {
        expect(merged.get(name)).toBe(adapter.weights.get(name));
      }
      const path = 'roberta.encoder.layer.11.attention.self.value';
      const [a, b] = ['A', 'B'].map((half) => adapter.weights.get(`${path}.lora_${half}.weight`)!.data);
      const { data } = merged.get(`${path}.weight`)!;
      for (const [row, column] of [
        [0, 0],
        [5, 700],
        [767, 767],
      ] as const) {
        const products = Array.from({ length: 8 }, (_, k) => b![row * 8 + k]! * a![k * 768 + column]!);
        expect(data[row * 768 + column]).toBeCloseTo(2 * products.reduce((x, y) => x + y), 6);
      }
    });
  },
);
