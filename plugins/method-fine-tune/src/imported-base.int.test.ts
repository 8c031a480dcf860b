import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { silentLogger, ValidationError } from '@zooid/common';
import { readModelFolder, readModelWeights, writeSafetensors } from '@zooid/hub';
import { encoderFamily, GraphBuilder, initialise, sequenceClassificationHead } from '@zooid/nn';
import { Graph, pruneGraph, readModel, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { type App, type ModelArtifacts, type TrainingJob, validateDto } from '@zooid/spec';
import { allClose, type HostTensor, Random, type TensorMap, tensor } from '@zooid/tensor';
import { goldenExport } from '@zooid/testing';
import { compileInference, type ModelBuilder } from '@zooid/trainer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FineTune } from './fine-tune.js';
import { FineTuneOptions } from './options.js';
import { toyApp, toyExamples, toySplit } from './toy-app.fixture.js';

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'zooid-imported-'));
});
afterAll(() => rmSync(directory, { recursive: true, force: true }));

type Config = Readonly<Record<string, unknown>>;

/** A folder with a config and a graph, and no weights. */
function baseOf(config: Config, graph: Uint8Array, file = 'onnx/model.onnx'): ModelArtifacts {
  const folder = mkdtempSync(join(directory, 'base-'));
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config));
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), graph);
  return { id: 'org/base', revision: 'r', folder, config };
}

interface Request extends Partial<TrainingJob> {
  readonly train?: Record<string, unknown>;
  /** The alphabet's last letter, which the task looks for. */
  readonly last?: string;
}

async function fineTune(base: ModelArtifacts, { train, last, ...rest }: Request = {}) {
  const options = validateDto(
    FineTuneOptions,
    { epochs: 8, batchSize: 16, learningRate: 5e-3, dropout: 0, bootstrap: 0, threads: 1, ...train },
    'train',
  );
  const output = mkdtempSync(join(directory, 'result-'));
  rmSync(output, { recursive: true });
  const { metrics } = await new FineTune().run(
    {
      app: toyApp as unknown as App,
      appOptions: {},
      options,
      base,
      data: {
        train: toySplit('train', toyExamples(160, 1, last)),
        validation: toySplit('validation', toyExamples(40, 2, last)),
        resources: {},
      },
      seed: 5,
      recipe: { app: 'toy', method: 'fine-tune', model: 'base', train: { ...options } },
      output,
      resume: false,
      ...rest,
    },
    { logger: silentLogger, progress: () => {} },
  );
  const { tensors } = await readModelWeights(output);
  return { output, metrics, weights: tensors };
}

const refusal = (training: Promise<unknown>): Promise<readonly string[]> =>
  training.then(
    () => expect.unreachable('it was trained'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(ValidationError);
      return (error as ValidationError).issues.map(({ path, message }) => `${path} ${message}`.trim());
    },
  );

const config = {
  model_type: 'bert',
  vocab_size: 29,
  hidden_size: 16,
  num_hidden_layers: 1,
  num_attention_heads: 2,
  intermediate_size: 32,
  max_position_embeddings: 18,
  // Wide enough that so small an encoder learns in seconds.
  initializer_range: 0.15,
};

/** Random weights of what a model declares. */
function weightsOf(build: ModelBuilder): Map<string, HostTensor<'float32'>> {
  const builder = new GraphBuilder();
  build(builder);
  const random = new Random(3);
  return new Map(
    builder.parameters.map((parameter) => [
      parameter.name,
      tensor('float32', initialise(parameter, random), parameter.shape),
    ]),
  );
}

const encoderModel: ModelBuilder = (context) => {
  const family = encoderFamily(config);
  return { outputs: { last_hidden_state: family.build(context, family.parse(config)).lastHiddenState } };
};
const classifierModel: ModelBuilder = (context) => {
  const parsed = encoderFamily(config).parse(config);
  const encoder = encoderFamily(config).build(context, parsed);
  return { outputs: { logits: sequenceClassificationHead(context, parsed, encoder, 2) } };
};
const exported = (build: ModelBuilder, output: string, weights = weightsOf(build)): Uint8Array =>
  writeModel(compileInference({ build, outputs: [output], weights }));

// PyTorch's BERT of 16 words and 10 positions, whose names are no checkpoint's: make_exports.py beside it.
const goldenConfig = { ...config, vocab_size: 16, hidden_size: 8, intermediate_size: 12, max_position_embeddings: 10 };
const onGolden = { last: 'm', train: { learningRate: 2e-2 } };

/** The golden with scores alone: its hidden state is a value inside. */
function goldenScores(): Uint8Array {
  const graph = readModel(goldenExport('bert-11'));
  graph.outputs.splice(1);
  return writeModel(pruneGraph(graph));
}

const ids = (rows: readonly (readonly number[])[]): HostTensor<'int64'> =>
  tensor('int64', rows.flat(), [rows.length, rows[0]!.length]);
const batch: TensorMap = {
  input_ids: ids([
    [1, 5, 9, 3, 2],
    [1, 7, 7, 0, 0],
  ]),
  attention_mask: ids([
    [1, 1, 1, 1, 1],
    [1, 1, 1, 0, 0],
  ]),
  token_type_ids: ids([
    [0, 0, 0, 1, 1],
    [0, 1, 1, 0, 0],
  ]),
};

describe('an export for feature extraction', { timeout: 120_000 }, () => {
  it('trains as the same weights in a checkpoint do, under their names', async () => {
    const weights = weightsOf(encoderModel);
    const base = baseOf(config, exported(encoderModel, 'last_hidden_state', weights));
    const imported = await fineTune(base);
    expect(imported.metrics.accuracy).toBeGreaterThan(0.9);

    await writeSafetensors(join(base.folder, 'model.safetensors'), weights);
    const expected = await fineTune(base);
    expect([...imported.weights.keys()].sort()).toEqual([...expected.weights.keys()].sort());
    expect(imported.metrics).toEqual(expected.metrics);
    // Equal but for the rounding of differently ordered graphs, which Adam magnifies.
    for (const [name, actual] of imported.weights)
      expect(allClose(actual, expected.weights.get(name)!, { rtol: 1e-2, atol: 1e-3 }), name).toBe(true);
  });

  it('of opset 11 by PyTorch learns, and its result is a base again', async () => {
    const base = baseOf(goldenConfig, goldenExport('bert-11'), 'model.onnx');
    const first = await fineTune(base, onGolden);
    expect(first.metrics.accuracy).toBeGreaterThan(0.9);
    const names = [...first.weights.keys()];
    expect(names).toContain('bert.layer.0.attention.query.weight');
    expect(names.filter((name) => !name.startsWith('bert.')).sort()).toEqual(['classifier.bias', 'classifier.weight']);
    const folder = await readModelFolder(first.output, { verify: true });
    expect(folder.config).toMatchObject(goldenConfig);

    // Its weights have names that the config does not tell, so it is taken as a graph once more.
    const again = { id: 'first', revision: 'r', folder: first.output, config: folder.config };
    expect(await refusal(fineTune(again, onGolden))).toContainEqual(
      expect.stringMatching(/query\.weight.* is missing/),
    );
    const frozen = 'bert.layer.0.attention.*';
    const second = await fineTune(again, {
      ...onGolden,
      train: { importGraph: true, keepHead: true, freeze: [frozen], maxSteps: 3, learningRate: 1e-3 },
    });
    expect(second.metrics.accuracy).toBeGreaterThan(0.9);
    for (const [name, { data }] of second.weights) {
      const isFrozen = name.startsWith(frozen.slice(0, -1));
      expect(Buffer.from(data.buffer).equals(Buffer.from(first.weights.get(name)!.data.buffer)), name).toBe(isFrozen);
    }
  });
});

describe('an export with a head', { timeout: 120_000 }, () => {
  it('is cut where the head begins: one step of almost nothing leaves the hidden state as it was', async () => {
    const base = baseOf(goldenConfig, goldenScores());
    const { output } = await fineTune(base, {
      ...onGolden,
      train: { learningRate: 1e-12, headLearningRate: 1e-12, maxSteps: 1 },
    });
    const result = readModel(readFileSync(join(output, 'onnx/model.onnx')));
    // Of the last layer the result computes the first token alone.
    const pooled = result.nodes.findLast(({ op }) => op === 'Squeeze')!.inputs[0]!;
    result.output(pooled, 'states');
    const [{ states }, { last_hidden_state: expected }] = await Promise.all([
      runModel(writeModel(result), batch) as Promise<TensorMap>,
      runModel(goldenExport('bert-11'), batch) as Promise<TensorMap>,
    ]);
    const [rows, length, width] = expected!.dims as [number, number, number];
    const first = Array.from({ length: rows }, (_, row) => [
      ...(expected!.data as Float32Array).subarray(row * length * width, (row * length + 1) * width),
    ]);
    expect(allClose(states!, tensor('float32', first.flat(), [rows, 1, width]), { rtol: 1e-4, atol: 1e-5 })).toBe(true);
  });

  it('keeps the head, the rates and the labels of the base where that is asked for', async () => {
    const labelled = { ...config, toy: { labels: ['no', 'yes'], bias: 0 } };
    const base = baseOf(labelled, exported(classifierModel, 'logits'));
    const { metrics, weights } = await fineTune(base, { train: { keepHead: true } });
    expect(metrics.accuracy).toBeGreaterThan(0.9);
    expect([...weights.keys()].sort()).toEqual([...weightsOf(classifierModel).keys()].sort());

    const more = baseOf(
      { ...config, toy: { labels: ['no', 'yes', 'maybe'], bias: 0 } },
      exported(classifierModel, 'logits'),
    );
    expect(await refusal(fineTune(more, { train: { keepHead: true } }))).toEqual([
      "cannot be trained: its output 'logits' is [batch, 2], and the app's head gives [batch, 3]; leave out train.keepHead to learn a new head",
    ]);
  });
});

describe('an export that cannot be trained is refused, saying why:', () => {
  const graphOf = (build: (graph: Graph) => void): Uint8Array => {
    const graph = new Graph();
    build(graph);
    return writeModel(graph);
  };
  const table = tensor(
    'float32',
    Float32Array.from({ length: 29 * 16 }, (_, i) => Math.sin(i)),
    [29, 16],
  );
  const tokens = ['batch', 'sequence'] as const;

  it('fixed sizes', async () => {
    expect(await refusal(fineTune(baseOf(goldenConfig, goldenExport('bert-14-static')), onGolden))).toEqual([
      "cannot be trained: Input 'input_ids' was exported as [2, 5] and given as [batch, sequence]; numbers in an export are fixed: give that size, or export with dynamic axes",
    ]);
  });

  it('an operator without a derivative, by name and path', async () => {
    const graph = graphOf((g) => {
      const mask = g.input('attention_mask', 'int64', tokens).cast('float32').unsqueeze([2]);
      const words = g
        .initializer('words', table)
        .gather(g.input('input_ids', 'int64', tokens))
        .mul(mask);
      const [gates] = g.emitUnknown(
        { op: '::Hardmax', domain: '', name: '/gate/Hardmax', inputs: [words], attributes: {} },
        [{ name: 'gates', dtype: 'float32', shape: [...tokens, 16] }],
      );
      g.output(words.add(gates!), 'last_hidden_state');
    });
    expect(await refusal(fineTune(baseOf(config, graph)))).toEqual([
      expect.stringMatching(
        /^the operator Hardmax cannot be differentiated; the path to it from the loss is .+ ← \/gate\/Hardmax\. Freeze all weights before it \(train\.freeze\)/,
      ),
    ]);
  });

  it('no attention mask, another vocabulary, other widths', async () => {
    const graph = graphOf((g) => {
      const words = g.initializer('words', table).gather(g.input('input_ids', 'int64', tokens));
      g.output(words, 'last_hidden_state');
    });
    expect(await refusal(fineTune(baseOf({ ...config, vocab_size: 28, hidden_size: 32 }, graph)))).toEqual([
      "does not read an input 'attention_mask', without which a batch of texts cannot be padded; it reads input_ids",
      'its hidden states are 16 wide; config.json has hidden_size 32',
      'its word table has 29 rows; config.json has vocab_size 28',
    ]);
    const narrower = { ...config, intermediate_size: 24 };
    expect(await refusal(fineTune(baseOf(narrower, exported(encoderModel, 'last_hidden_state'))))).toContain(
      "'bert.encoder.layer.0.intermediate.dense.weight' has shape [32, 16]; by config.json it is [24, 16]",
    );
  });

  it('weights that are not finite, damaged files', async () => {
    const weights = weightsOf(encoderModel);
    weights.get('bert.embeddings.LayerNorm.bias')!.data[3] = Number.NaN;
    expect(await refusal(fineTune(baseOf(config, exported(encoderModel, 'last_hidden_state', weights))))).toEqual([
      expect.stringContaining("'bert.embeddings.LayerNorm.bias' holds NaN at element 3"),
    ]);
    const cut = exported(encoderModel, 'last_hidden_state').subarray(0, 2000);
    await expect(fineTune(baseOf(config, cut))).rejects.toThrow(/base-\w+\/onnx\/model\.onnx: /);
  });

  it('options that need weights, or a graph', async () => {
    const base = baseOf(config, exported(encoderModel, 'last_hidden_state'));
    expect(
      await refusal(fineTune(base, { train: { lora: { rank: 2 }, layerDecay: 0.9, recompute: 'layers' } })),
    ).toEqual([
      expect.stringMatching(/^\/train\/lora needs a base model with weights/),
      expect.stringMatching(/^\/train\/layerDecay needs/),
      expect.stringMatching(/^\/train\/recompute needs/),
    ]);
    rmSync(join(base.folder, 'onnx'), { recursive: true });
    expect(await refusal(fineTune(base, { train: { importGraph: true } }))).toEqual([
      expect.stringMatching(/^\/train\/importGraph needs an onnx\/model\.onnx/),
    ]);
    await expect(fineTune(base)).rejects.toThrow(/holds no weights/);
  });
});
