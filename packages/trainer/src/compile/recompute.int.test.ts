import { meanSquaredError } from '@zooid/autodiff';
import { normal, type ParameterView, zeros } from '@zooid/nn';
import type { ProgramChain } from '@zooid/runtime';
import { describe, expect, it } from 'vitest';
import type { CompiledProgram, CompileOptions } from '../compile-program.js';
import type { ModelBuilder } from '../model-builder.js';
import {
  batchOf,
  classifier,
  decoderClassifier,
  encoderConfig,
  feedsOf,
  largestDifference,
  maskedWords,
  openSession,
  trainProgram,
} from './models.fixture.js';

const both = (build: ModelBuilder, options: Partial<CompileOptions> = {}) => ({
  plain: trainProgram(build, { ...options, name: 'plain' }),
  cut: trainProgram(build, { ...options, name: 'cut', recompute: 'layers' }),
});

const chainOf = ({ program }: CompiledProgram): ProgramChain => {
  if (program.model instanceof Uint8Array) throw new Error('The program is one model');
  return program.model;
};

const perExample: ParameterView = (name, weight, context) => {
  if (!/self\.(query|value)\.weight$/.test(name)) return weight;
  const [out, width] = weight.shape as readonly [number, number];
  const down = context.parameter(`${name}.down`, [2, width], normal(0.1));
  return weight.add(context.parameter(`${name}.up`, [out, 2], zeros).matmul(down));
};

const meanState = classifier(({ lastHiddenState }) => lastHiddenState.mean([1], false));

describe('a program that recomputes its layers', () => {
  it.each<[string, ModelBuilder, Partial<CompileOptions>?]>([
    ['a classifier on the first token', classifier()],
    ['a classifier on all tokens', meanState],
    ['scores of words at masked positions, with a tied table', maskedWords],
    ['GPT-2', decoderClassifier],
    ['RoBERTa', classifier(undefined, { config: encoderConfig('roberta') })],
    ['DistilBERT', classifier(undefined, { config: encoderConfig('distilbert') })],
    ['ALBERT, whose layers share their weights', classifier(undefined, { config: encoderConfig('albert') })],
    [
      'a loss on several layers',
      classifier(({ hiddenStates: [a, b, c, d] }) => a!.add(b!).mul(c!).add(d!).mean([1], false)),
    ],
    ['low-rank updates', meanState, { parameterView: perExample }],
    ['frozen lower layers', meanState, { trainable: (name) => !/embeddings|layer\.0\./.test(name) }],
  ])('has the gradients of the plain one: %s', async (_what, build, options) => {
    const { plain, cut } = both(build, options);
    expect(cut.program).toEqual({ ...plain.program, name: 'cut', model: expect.anything() });
    await using session = await openSession([plain, cut]);
    const feeds = feedsOf(plain, batchOf(4));
    const expected = await session.gradients('plain', feeds, 2);
    const actual = await session.gradients('cut', feeds, 2);
    expect(actual.loss).toBeCloseTo(expected.loss, 6);
    expect([...actual.gradients.keys()]).toEqual([...expected.gradients.keys()]);
    expect(largestDifference(actual.gradients, expected.gradients)).toBeLessThan(1e-6);
  });

  it('has them for a parameter that all layers share', async () => {
    // One learned bias on the scores of every layer: its gradient gathers from all of them.
    const shared: ModelBuilder = (context) => {
      const attnBias = context
        .parameter('bias', [1, 2, 1, 1], normal(0.1))
        .mul(context.input('gain', 'float32', ['batch', 1, 1, 'sequence']));
      return classifier(({ lastHiddenState }) => lastHiddenState.mean([1], false), {
        hooks: { attnBias: attnBias.tanh() },
      })(context);
    };
    const { plain, cut } = both(shared);
    await using session = await openSession([plain, cut]);
    const gain = {
      dtype: 'float32',
      dims: [4, 1, 1, 9],
      data: Float32Array.from({ length: 36 }, (_, i) => Math.sin(i)),
    } as const;
    const feeds = feedsOf(plain, { ...batchOf(4), gain });
    const expected = await session.gradients('plain', feeds, 1);
    const actual = await session.gradients('cut', feeds, 1);
    expect(largestDifference(actual.gradients, expected.gradients)).toBeLessThan(1e-6);
  });

  it('reuses two models for all layers between the first and the last', () => {
    const { models, runs, slots } = chainOf(both(meanState).cut);
    // Embeddings and layers forward, head, layers and embeddings backward.
    expect(runs.map(({ model }) => model)).toEqual([0, 1, 1, 1, 2, 3, 3, 3, 4]);
    expect(models).toHaveLength(5);
    // Four states, and room for a cotangent; the next one goes where the last state was.
    expect(slots.map(({ shape }) => shape)).toEqual(Array(5).fill(['batch', 'sequence', 16]));
  });

  it('does not run frozen lower layers backward', () => {
    const trainable = (name: string) => !/embeddings|layer\.[01]\./.test(name);
    const { runs } = chainOf(both(meanState, { trainable }).cut);
    expect(runs.map(({ model }) => model)).toEqual([0, 1, 1, 1, 2, 3]);
  });

  it('is one model where there is nothing to cut', () => {
    const build: ModelBuilder = (context) => {
      const weight = context.parameter('weight', [3], normal(1));
      const x = context.input('x', 'float32', ['batch', 3]);
      return { outputs: {}, loss: meanSquaredError(x.mul(weight), x) };
    };
    expect(both(build).cut.program.model).toBeInstanceOf(Uint8Array);
  });

  it('trains like the plain one, with accumulation, and answers evaluations', async () => {
    const { plain, cut } = both(meanState, { outputs: ['logits', 'states'] });
    const states = [];
    for (const compiled of [plain, cut]) {
      await using session = await openSession([compiled]);
      for (let step = 1; step <= 3; step++) {
        const microBatches = [3, 2].map((rows) => ({
          program: compiled.program.name,
          feeds: feedsOf(compiled, batchOf(rows, 7, step)),
          weight: rows,
        }));
        await session.step({ microBatches, step, learningRates: { default: 1e-3 }, clipNorm: 1, fetch: ['logits'] });
      }
      const { parameters } = await session.exportState();
      const { name } = compiled.program;
      const answers = await session.evaluate(name, feedsOf(compiled, batchOf(4)), ['states', 'logits', 'loss']);
      states.push({ parameters, answers });
    }
    const [expected, actual] = states;
    expect(largestDifference(actual!.parameters, expected!.parameters)).toBeLessThan(1e-5);
    for (const [name, { data }] of Object.entries(expected!.answers)) {
      const values = Array.from(actual!.answers[name]!.data, Number);
      Array.from(data, Number).forEach((value, i) => {
        expect(Math.abs(values[i]! - value)).toBeLessThan(1e-4);
      });
    }
  });
});
