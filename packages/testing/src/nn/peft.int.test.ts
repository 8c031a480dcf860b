import { grad } from '@zooid/autodiff';
import {
  attentionHeads,
  crossEntropy,
  type EncoderConfig,
  type EncoderFamily,
  type EncoderHooks,
  encoderFamily,
  foldPrefixNetwork,
  GraphBuilder,
  initialise,
  linear,
  lora,
  loraParameters,
  type ModuleContext,
  mergeLora,
  prefixNetwork,
  pretrainedModel,
  sequenceClassificationHead,
} from '@zooid/nn';
import { fuseGraph, pruneGraph, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { type HostTensor, Random, type TensorMap, tensor, toNumbers } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { inferenceGraph, largestDifference, runGraph, tokenFeeds } from '../passes/pass-fixtures.js';
import { type GoldenModel, goldenFeeds, goldenModels } from './families/golden-files.js';
import { goldenValues, goldenWeights } from './families/golden-weights.js';
import { emitClassifier, smallConfig, worstDifference } from './random-bert.js';

type Weights = Map<string, HostTensor<'float32'>>;
const models = goldenModels().filter(({ tasks }) => 'sequence-classification' in tasks);

interface Variant {
  readonly config?: Partial<EncoderConfig>;
  readonly hooks?: (context: ModuleContext, family: EncoderFamily, config: EncoderConfig) => EncoderHooks;
}

function emit(builder: GraphBuilder, model: GoldenModel, { config: changes, hooks }: Variant) {
  const family = encoderFamily(model.config);
  const config = { ...family.parse(model.config), ...changes };
  const encoder = family.build(builder, config, {}, hooks?.(builder, family, config));
  const logits = sequenceClassificationHead(builder, config, encoder, 3);
  return {
    logits,
    embedded: encoder.hiddenStates[0]!,
    loss: crossEntropy(logits, builder.input('labels', 'int64', ['batch'])),
  };
}

/** Weights that new parameters start from, and golden ones for the rest. */
function startOf(model: GoldenModel, variant: Variant): Weights {
  const plain = new GraphBuilder();
  emit(plain, model, {});
  const known = new Set(plain.parameters.map(({ name }) => name));
  const builder = new GraphBuilder();
  emit(builder, model, variant);
  const random = new Random(5);
  const added = builder.parameters.filter(({ name }) => !known.has(name));
  return new Map([
    ...goldenWeights(plain.parameters),
    ...added.map((parameter) => {
      return [parameter.name, tensor('float32', initialise(parameter, random), parameter.shape)] as const;
    }),
  ]);
}

/** Logits, the embeddings' output, and gradients with respect to `wrt`; names without influence have none. */
async function run(model: GoldenModel, variant: Variant, weights: Weights, wrt: readonly string[] = []) {
  const builder = new GraphBuilder();
  const { logits, embedded, loss } = emit(builder, model, variant);
  const gradients = grad(
    builder.graph,
    loss,
    wrt.map((name) => builder.weight(name)),
  );
  builder.graph.output(logits, 'logits');
  builder.graph.output(embedded, 'embedded');
  for (const [i, name] of wrt.entries()) builder.graph.output(gradients[i]!.dense!, `grad:${name}`);
  const graph = pruneGraph(builder.graph);
  const all: TensorMap = { ...goldenFeeds(model), ...Object.fromEntries(weights) };
  return runModel(writeModel(graph), Object.fromEntries(graph.inputs.map(({ name }) => [name, all[name]!])));
}

const moved = (weights: Weights, match: RegExp): Weights =>
  new Map(
    Array.from(weights, ([name, value]) => [
      name,
      match.test(name) ? tensor('float32', goldenValues(name, value.data.length), value.dims) : value,
    ]),
  );

const magnitude = (gradient: HostTensor) => Math.max(...toNumbers(gradient).map(Math.abs));

describe.each(models)('LoRA on $name', (model) => {
  const isTarget = (path: string) => /\.(query|value|q_lin|v_lin)$/.test(path);
  const scale = 2;
  const variant: Variant = {
    hooks: () => ({ linearView: lora({ layer: (path) => (isTarget(path) ? { rank: 2, scale } : undefined) }) }),
  };
  const start = startOf(model, variant);
  const targets = [...start.keys()].flatMap((name) => (name.endsWith('.lora_A.weight') ? name.slice(0, -14) : []));

  it('changes nothing at first, when A has no gradient and B has one', async () => {
    const names = targets.map(loraParameters);
    const wrt = names.flatMap(({ down, up }) => [down, up]);
    const [plain, tuned] = [await run(model, {}, start), await run(model, variant, start, wrt)];
    expect(tuned.logits!.data).toEqual(plain.logits!.data);
    for (const { down, up } of names) {
      expect(magnitude(tuned[`grad:${down}`] as HostTensor), down).toBe(0);
      expect(magnitude(tuned[`grad:${up}`] as HostTensor), up).toBeGreaterThan(0);
    }
  });

  it('gives merged what it gives beside the weights', async () => {
    const trained = moved(start, /\.lora_[AB]\./);
    const merged = new Map(trained);
    for (const path of targets) {
      const { down, up } = loraParameters(path);
      const weight = `${path}.weight`;
      merged.set(weight, mergeLora(trained.get(weight)!, trained.get(down)!, trained.get(up)!, { scale }));
    }
    const [plain, beside, inside] = [
      await run(model, {}, start),
      await run(model, variant, trained),
      await run(model, {}, merged),
    ];
    expect(worstDifference(inside.logits!.data as Float32Array, beside.logits!.data as Float32Array)).toBeLessThan(
      1e-5,
    );
    expect(worstDifference(plain.logits!.data as Float32Array, beside.logits!.data as Float32Array)).toBeGreaterThan(
      1e-2,
    );
  });
});

describe('LoRA with dropout', () => {
  it('drops what enters A and nothing else, one mask a layer', () => {
    const builder = new GraphBuilder({ training: true });
    const view = lora({ layer: () => ({ rank: 2, scale: 1 }), dropout: 0.1 });
    linear(builder.withLinearView(view).child('a.query'), builder.input('x', 'float32', ['batch', 4]), 3);
    expect(builder.dropouts).toEqual([{ name: 'dropout:a.query.lora', shape: ['batch', 4], rate: 0.1 }]);
    expect(builder.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ['a.query.weight', [3, 4]],
      ['a.query.bias', [3]],
      ['a.query.lora_A.weight', [2, 4]],
      ['a.query.lora_B.weight', [3, 2]],
    ]);
    const mask = builder.graph.nodes.filter(({ inputs }) => inputs.some((value) => value?.name.startsWith('dropout:')));
    expect(mask.map(({ op }) => op)).toEqual(['Mul']);
  });
});

describe.each(models)('adapters on $name', (model) => {
  const variant: Variant = { config: { adapter_size: 4 } };
  const start = startOf(model, variant);

  it('hardly change anything at first, and nothing at all when they add nothing', async () => {
    const [plain, tuned] = [await run(model, {}, start), await run(model, variant, start)];
    const step0 = worstDifference(tuned.logits!.data as Float32Array, plain.logits!.data as Float32Array);
    expect(step0).toBeLessThan(1e-3);
    expect(step0).toBeGreaterThan(0);
    const silent = new Map(
      Array.from(start, ([name, value]) => [
        name,
        name.includes('.up.') ? { ...value, data: new Float32Array(value.data.length) } : value,
      ]),
    );
    expect((await run(model, variant, silent)).logits!.data).toEqual(plain.logits!.data);
  });

  it('stand twice in every set of layer weights, with 2(2mH + m + H) numbers, and have gradients', async () => {
    const added = [...start].filter(([name]) => name.includes('.adapters.'));
    const sets = new Set(added.map(([name]) => name.split('.adapters.')[0]));
    const size = added.reduce((sum, [, { data }]) => sum + data.length, 0);
    expect(size).toBe(sets.size * 2 * (2 * 4 * 12 + 4 + 12));
    const names = added.map(([name]) => name);
    const trained = moved(start, /\.adapters\./);
    const { logits, ...rest } = await run(model, variant, trained, names);
    for (const name of names) expect(magnitude(rest[`grad:${name}`] as HostTensor), name).toBeGreaterThan(0);
    expect(logits!.dims).toEqual([goldenFeeds(model).labels!.dims[0], 3]);
  });
});

describe.each(models)('prefix tuning on $name', (model) => {
  const length = 3;
  const network: Variant = {
    hooks: (context, { prefix }, { hidden_size: hidden }) => ({
      prefix: prefixNetwork(context.child(`${prefix}.prefix`), { length, hidden, inner: 6 }),
    }),
  };
  const { prefix } = encoderFamily(model.config);
  const start = startOf(model, network);
  const mine = [...start.keys()].filter((name) => name.startsWith(`${prefix}.prefix.`));

  it('folds into 2·L·P·H numbers that give the same, and leaves the positions of the tokens alone', async () => {
    const trained = moved(start, /\.prefix\./);
    const folded = foldPrefixNetwork(trained, `${prefix}.prefix`);
    const kept = [...folded].filter(([name]) => name.startsWith(`${prefix}.prefix.`));
    const config = encoderFamily(model.config).parse(model.config);
    const attentions = config.num_hidden_layers * (config.inner_group_num ?? 1);
    expect(kept.map(([, { dims }]) => dims)).toEqual(Array(2 * attentions).fill([length, config.hidden_size]));

    const [plain, before, after] = [
      await run(model, {}, start),
      await run(model, network, trained),
      await run(model, { config: { prefix_length: length } }, folded),
    ];
    const logits = (outputs: TensorMap) => outputs.logits!.data as Float32Array;
    expect(worstDifference(logits(after), logits(before))).toBeLessThan(1e-6);
    expect(worstDifference(logits(after), logits(plain))).toBeGreaterThan(1e-3);
    expect(after.embedded!.data).toEqual(plain.embedded!.data);
  });

  it('of no positions is the base', async () => {
    const [plain, none] = [await run(model, {}, start), await run(model, { config: { prefix_length: 0 } }, start)];
    expect(none.logits!.data).toEqual(plain.logits!.data);
  });

  it('has gradients in every part of the network', async () => {
    const outputs = await run(model, network, start, mine);
    for (const name of mine) expect(magnitude(outputs[`grad:${name}`] as HostTensor), name).toBeGreaterThan(0);
  });
});

describe('a model with adapters and a prefix', () => {
  const config = { ...smallConfig, adapter_size: 4, prefix_length: 3 };

  it('survives the passes of an export', async () => {
    const graph = inferenceGraph((context) => ({ logits: emitClassifier(context, config).logits }));
    const feeds = tokenFeeds(smallConfig.vocab_size);
    expect(largestDifference(await runGraph(graph, feeds), await runGraph(fuseGraph(graph), feeds))).toBeLessThan(1e-5);
  });

  it('computes a padded row as it computes the row alone', async () => {
    const emitStates = (context: ModuleContext) => ({
      states: emitClassifier(context, config).encoder.lastHiddenState,
    });
    const graph = inferenceGraph(emitStates);
    const feeds = tokenFeeds(smallConfig.vocab_size, 2);
    const { states } = await runGraph(graph, feeds);
    const alone = await runGraph(
      graph,
      Object.fromEntries(Object.entries(feeds).map(([name, rows]) => [name, secondRow(rows, 5)])),
    );
    const size = 5 * smallConfig.hidden_size;
    const padded = (states!.data as Float32Array).subarray(7 * smallConfig.hidden_size).subarray(0, size);
    expect(worstDifference(padded, alone.states!.data as Float32Array)).toBeLessThan(1e-5);
  });

  it('is one for everybody who builds a network from its config', () => {
    const builder = new GraphBuilder();
    pretrainedModel({ ...config, model_type: 'bert', architectures: ['BertModel'] }).emit(builder);
    const added = builder.parameters.filter(({ name }) => /\.(adapters|prefix)\./.test(name));
    expect(added.map(({ name, shape }) => `${name} ${shape}`).filter((name) => !name.includes('layer.1.'))).toEqual([
      'bert.prefix.0.key 3,12',
      'bert.prefix.0.value 3,12',
      'bert.encoder.layer.0.adapters.attention.down.weight 4,12',
      'bert.encoder.layer.0.adapters.attention.down.bias 4',
      'bert.encoder.layer.0.adapters.attention.up.weight 12,4',
      'bert.encoder.layer.0.adapters.attention.up.bias 12',
      'bert.encoder.layer.0.adapters.output.down.weight 4,12',
      'bert.encoder.layer.0.adapters.output.down.bias 4',
      'bert.encoder.layer.0.adapters.output.up.weight 12,4',
      'bert.encoder.layer.0.adapters.output.up.bias 12',
      'bert.prefix.1.key 3,12',
      'bert.prefix.1.value 3,12',
    ]);
  });
});

function secondRow(rows: HostTensor, length: number): HostTensor {
  const width = rows.dims[1]!;
  return tensor('int64', toNumbers(rows).slice(width, width + length), [1, length]);
}

describe('a prefix of attention', () => {
  it('is what further tokens at the front would be', async () => {
    const [batch, width, rest] = [2, 8, 3];
    const front = goldenValues('front', 2 * width);
    const back = goldenValues('back', batch * rest * width);
    const memory = Array.from({ length: batch }, (_, b) => [
      ...front,
      ...back.subarray(b * rest * width, (b + 1) * rest * width),
    ]).flat();
    const feeds = {
      x: tensor('float32', goldenValues('x', batch * 4 * width), [batch, 4, width]),
      memory: tensor('float32', memory, [batch, 2 + rest, width]),
      front: tensor('float32', front, [1, 2, width]),
      back: tensor('float32', back, [batch, rest, width]),
    };
    const builder = new GraphBuilder();
    const at = builder.child('attention');
    const input = (name: string, length: string) => builder.input(name, 'float32', ['batch', length, width]);
    const [x, first] = [input('x', 'query'), builder.input('front', 'float32', [1, 2, width])];
    const whole = attentionHeads(at, x, input('memory', 'all'), { heads: 2 });
    const part = (name: string) => linear(at.child(name), first, width).squeeze([0]);
    const prefixed = attentionHeads(at, x, input('back', 'rest'), {
      heads: 2,
      prefix: { key: part('key'), value: part('value') },
    });
    builder.graph.output(whole, 'whole');
    builder.graph.output(prefixed, 'prefixed');
    const weights = Object.fromEntries(goldenWeights(builder.parameters));
    const outputs = await runModel(writeModel(pruneGraph(builder.graph)), { ...feeds, ...weights });
    expect(worstDifference(outputs.prefixed!.data as Float32Array, outputs.whole!.data as Float32Array)).toBeLessThan(
      1e-6,
    );
  });
});
