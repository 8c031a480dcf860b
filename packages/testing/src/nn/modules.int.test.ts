import {
  activations,
  attentionHeads,
  embedding,
  feedForward,
  GraphBuilder,
  layerNorm,
  linear,
  type ModuleContext,
  multiHeadAttention,
  paddingBias,
  scaledDotProductAttention,
} from '@zooid/nn';
import { type HostTensor, Random, type TensorMap, tensor, toNumbers } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { type Emit, int64, randomWeights, runModule, worstDifference } from './random-bert.js';

const [BATCH, QUERY, KEY, WIDTH] = [2, 3, 5, 8] as const;

function randomInput(dims: readonly number[], seed: number): HostTensor<'float32'> {
  const random = new Random(seed);
  return tensor(
    'float32',
    Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random.normal()),
    dims,
  );
}

const x = randomInput([BATCH, QUERY, WIDTH], 1);
const memory = randomInput([BATCH, KEY, WIDTH], 2);
const inputX = (context: ModuleContext) => context.input('x', 'float32', ['batch', 'query', WIDTH]);
const inputMemory = (context: ModuleContext) => context.input('memory', 'float32', ['batch', 'key', WIDTH]);

/** Runs a module on random weights and hands back the result with those weights as plain numbers. */
async function run(emit: Emit, feeds: TensorMap) {
  const builder = new GraphBuilder();
  emit(builder);
  const weights = randomWeights(builder.parameters);
  const outputs = await runModule(emit, feeds, weights);
  return { y: toNumbers(outputs.y!), dims: outputs.y!.dims, weight: (name: string) => toNumbers(weights.get(name)!) };
}

/** `rows × in` times `out × in` transposed, plus bias: the definition, in float64. */
function affine(values: readonly number[], weight: readonly number[], bias: readonly number[]): number[] {
  const width = weight.length / bias.length;
  return Array.from({ length: values.length / width }, (_, row) =>
    bias.map((b, o) => b + dot(values.slice(row * width, (row + 1) * width), weight.slice(o * width, (o + 1) * width))),
  ).flat();
}

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

function softmax(scores: readonly number[]): number[] {
  const peak = Math.max(...scores);
  const exps = scores.map((score) => Math.exp(score - peak));
  const total = exps.reduce((a, b) => a + b, 0);
  return exps.map((value) => value / total);
}

/** Multi-head attention by its definition; `q`, `k` and `v` are `[batch, length, width]`. */
function attend(
  q: readonly number[],
  k: readonly number[],
  v: readonly number[],
  heads: number,
  bias = (_b: number, _key: number) => 0,
) {
  const d = WIDTH / heads;
  const at = (values: readonly number[], length: number, b: number, t: number, h: number) =>
    values.slice((b * length + t) * WIDTH + h * d, (b * length + t) * WIDTH + (h + 1) * d);
  const result: number[] = [];
  for (let b = 0; b < BATCH; b++) {
    for (let t = 0; t < QUERY; t++) {
      for (let h = 0; h < heads; h++) {
        const probabilities = softmax(
          Array.from(
            { length: KEY },
            (_, s) => dot(at(q, QUERY, b, t, h), at(k, KEY, b, s, h)) / Math.sqrt(d) + bias(b, s),
          ),
        );
        for (let i = 0; i < d; i++)
          result.push(
            dot(
              probabilities,
              Array.from({ length: KEY }, (_, s) => at(v, KEY, b, s, h)[i]!),
            ),
          );
      }
    }
  }
  return result;
}

describe('linear', () => {
  it('is x Wᵀ + b on the last axis', async () => {
    const { y, dims, weight } = await run((context) => ({ y: linear(context, inputX(context), 4) }), { x });
    expect(dims).toEqual([BATCH, QUERY, 4]);
    expect(worstDifference(y, affine(toNumbers(x), weight('weight'), weight('bias')))).toBeLessThan(1e-5);
  });

  it('may go without a bias, or start it elsewhere', () => {
    const builder = new GraphBuilder();
    linear(builder.child('a'), inputX(builder), 4, { bias: false });
    linear(builder.child('b'), inputX(builder), 4, { bias: 2, std: 0.5 });
    expect(builder.parameters.map(({ name, initializer }) => [name, initializer])).toEqual([
      ['a.weight', { kind: 'normal', std: 0.02 }],
      ['b.weight', { kind: 'normal', std: 0.5 }],
      ['b.bias', { kind: 'constant', value: 2 }],
    ]);
  });

  it('asks for a known width', () => {
    const builder = new GraphBuilder();
    const symbolic = builder.input('s', 'float32', ['batch', 'width']);
    expect(() => linear(builder, symbolic, 4)).toThrow("linear needs a known last axis; 's' has shape [batch, width]");
  });
});

describe('attention', () => {
  const heads = 2;

  it('with projections agrees with its definition, also across two sequences', async () => {
    const { y, dims, weight } = await run(
      (context) => ({ y: attentionHeads(context, inputX(context), inputMemory(context), { heads }) }),
      { x, memory },
    );
    const project = (name: string, values: HostTensor) =>
      affine(toNumbers(values), weight(`${name}.weight`), weight(`${name}.bias`));
    expect(dims).toEqual([BATCH, QUERY, WIDTH]);
    expect(
      worstDifference(y, attend(project('query', x), project('key', memory), project('value', memory), heads)),
    ).toBeLessThan(1e-5);
  });

  it('ends in an output projection when it is whole', async () => {
    const attention_mask = int64([
      [1, 1, 1, 1, 0],
      [1, 1, 0, 0, 0],
    ]);
    const { y, weight } = await run(
      (context) => {
        const mask = context.input('attention_mask', 'int64', ['batch', 'key']);
        return {
          y: multiHeadAttention(context, inputX(context), inputMemory(context), { heads, attnBias: paddingBias(mask) }),
        };
      },
      { x, memory, attention_mask },
    );
    const project = (name: string, values: readonly number[]) =>
      affine(values, weight(`${name}.weight`), weight(`${name}.bias`));
    const [q, k, v] = [
      project('query', toNumbers(x)),
      project('key', toNumbers(memory)),
      project('value', toNumbers(memory)),
    ];
    const bias = (b: number, s: number) => (Number(attention_mask.data[b * KEY + s]) - 1) * 1e4;
    expect(worstDifference(y, project('output', attend(q, k, v, heads, bias)))).toBeLessThan(1e-5);
  });

  it('over keys that are all masked takes the mean of the values', async () => {
    const { y } = await run(
      (context) => {
        const [q, k] = [inputX(context).unsqueeze([1]), inputMemory(context).unsqueeze([1])];
        const nowhere = paddingBias(context.input('attention_mask', 'int64', ['batch', 'key']));
        return { y: scaledDotProductAttention(context, q.mul(0), k, k, { attnBias: nowhere }).squeeze([1]) };
      },
      { x, memory, attention_mask: int64([Array<number>(KEY).fill(0), Array<number>(KEY).fill(0)]) },
    );
    const values = toNumbers(memory);
    const mean = (b: number, i: number) =>
      Array.from({ length: KEY }, (_, s) => values[(b * KEY + s) * WIDTH + i]! / KEY).reduce((a, c) => a + c, 0);
    const means = Array.from({ length: BATCH * QUERY * WIDTH }, (_, i) =>
      mean(Math.floor(i / (QUERY * WIDTH)), i % WIDTH),
    );
    expect(worstDifference(y, means)).toBeLessThan(1e-5);
  });

  it('refuses heads that do not divide the width', () => {
    const builder = new GraphBuilder();
    expect(() => attentionHeads(builder, inputX(builder), inputX(builder), { heads: 3 })).toThrow(
      '3 attention heads do not divide a width of 8',
    );
  });
});

describe('other modules', () => {
  it('embedding takes rows of its table', async () => {
    const ids = [
      [4, 0],
      [4, 2],
    ];
    const { y, weight } = await run(
      (context) => ({ y: embedding(context, context.input('ids', 'int64', ['batch', 'n']), 5, 3) }),
      { ids: int64(ids) },
    );
    expect(y).toEqual(ids.flat().flatMap((id) => weight('weight').slice(3 * id, 3 * id + 3)));
  });

  it('layerNorm standardises the last axis, then scales and shifts', async () => {
    const { y, weight } = await run((context) => ({ y: layerNorm(context, inputX(context), 1e-5) }), { x });
    const values = toNumbers(x);
    const expected = values.map((value, i) => {
      const row = values.slice(i - (i % WIDTH), i - (i % WIDTH) + WIDTH);
      const mean = row.reduce((a, b) => a + b, 0) / WIDTH;
      const variance = row.reduce((sum, v) => sum + (v - mean) ** 2, 0) / WIDTH;
      return ((value - mean) / Math.sqrt(variance + 1e-5)) * weight('weight')[i % WIDTH]! + weight('bias')[i % WIDTH]!;
    });
    expect(worstDifference(y, expected)).toBeLessThan(1e-5);
  });

  it('feedForward is two linear layers with a non-linearity between', async () => {
    const { y, dims, weight } = await run(
      (context) => ({ y: feedForward(context, inputX(context), { inner: 6, activation: 'relu', out: 2 }) }),
      { x },
    );
    const layer = (name: string, values: readonly number[]) =>
      affine(values, weight(`${name}.weight`), weight(`${name}.bias`));
    expect(dims).toEqual([BATCH, QUERY, 2]);
    const inner = layer('intermediate', toNumbers(x)).map((value) => Math.max(0, value));
    expect(worstDifference(y, layer('output', inner))).toBeLessThan(1e-5);
  });

  // Reference values: torch 1.13, float64.
  it.each([
    ['gelu', [-0.100210801903287, 0, 0.345731230637007, 2.99595030590511]],
    ['gelu_new', [-0.100428423019767, 0, 0.345714009825144, 2.996362607918227]],
    ['relu', [0, 0, 0.5, 3]],
    ['silu', [-0.273638285709535, 0, 0.311229665600927, 2.8577223804673]],
    ['tanh', [-0.905148253644866, 0, 0.46211715726001, 0.99505475368673]],
  ] as const)('activation %s has its known values', async (name, expected) => {
    const { y } = await run((context) => ({ y: activations[name](context.input('x', 'float32', ['n'])) }), {
      x: tensor('float32', [-1.5, 0, 0.5, 3]),
    });
    expect(worstDifference(y, expected)).toBeLessThan(1e-6);
  });
});
