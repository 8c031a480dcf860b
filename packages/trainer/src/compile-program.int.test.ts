import { GraphBuilder, initialise, normal } from '@zooid/nn';
import { type GraphNode, readModel, writeModel } from '@zooid/onnx';
import { runModel } from '@zooid/runtime';
import { allClose, Random, tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import {
  batchOf,
  classifier,
  feedsOf,
  largestDifference,
  maskedWords,
  openSession,
  trainProgram,
} from './compile/models.fixture.js';
import { type CompiledProgram, compileInference } from './compile-program.js';
import type { ModelBuilder } from './model-builder.js';

const nodesOf = ({ program }: CompiledProgram): readonly GraphNode[] => readModel(program.model as Uint8Array).nodes;
const count = (nodes: readonly GraphNode[], op: string): number => nodes.filter((node) => node.op === op).length;

describe('frozen parameters', () => {
  const meanState = classifier(({ lastHiddenState }) => lastHiddenState.mean([1], false));
  /** Products with the shape of one of the layers' weights, whichever way round. */
  const weightGradients = (nodes: readonly GraphNode[]) =>
    nodes.filter(({ op, outputs }) => op === 'MatMul' && /^(16|24),(16|24)$/.test(outputs[0]!.shape.join())).length;

  it.each<[string, (name: string) => boolean, { readonly layers: number; readonly weights: number }]>([
    ['none', () => true, { layers: 3, weights: 18 }],
    ['the two lower layers', (name) => !/embeddings|layer\.[01]\./.test(name), { layers: 1, weights: 6 }],
    ['all of the encoder', (name) => name.startsWith('classifier'), { layers: 0, weights: 0 }],
    ['all but the embeddings', (name) => name.includes('embeddings'), { layers: 3, weights: 0 }],
    ['the matrices', (name) => !/dense\.weight|self\..*weight/.test(name), { layers: 3, weights: 0 }],
  ])('cost no gradients, and no backward pass below the lowest trainable one: %s', (_what, trainable, expected) => {
    const compiled = trainProgram(meanState, { trainable });
    const nodes = nodesOf(compiled);
    // The derivative of GELU has the only HardSigmoid, so there is one per layer that is differentiated through.
    expect({ layers: count(nodes, 'HardSigmoid'), weights: weightGradients(nodes) }).toEqual(expected);
    expect(compiled.program.gradients.every(({ parameter }) => trainable(parameter))).toBe(true);
  });
});

describe('a program of which only some rows are read', () => {
  it.each([
    ['the first token', classifier()],
    ['masked positions', maskedWords],
  ])('has the loss and gradients of one that computes all: %s', async (_what, build) => {
    const early = trainProgram(build, { name: 'early' });
    const whole = trainProgram(build, { name: 'whole', outputs: ['states'] });
    const wide = (compiled: CompiledProgram) =>
      nodesOf(compiled).filter(({ op, outputs }) => op === 'Gelu' && outputs[0]!.shape.join() === 'batch,sequence,24');
    expect([wide(early).length, wide(whole).length]).toEqual([2, 3]);

    await using session = await openSession([early, whole]);
    const feeds = feedsOf(early, batchOf(4));
    const actual = await session.gradients('early', feeds, 1);
    const expected = await session.gradients('whole', feeds, 1);
    expect(actual.loss).toBeCloseTo(expected.loss, 6);
    // Sums over fewer rows are taken in another order.
    expect(largestDifference(actual.gradients, expected.gradients)).toBeLessThan(5e-6);
  });
});

describe('an inference graph', () => {
  /** The output of that name, alone and together with the states of all tokens, on the same weights. */
  async function bothWays(build: ModelBuilder, name: string) {
    const declared = new GraphBuilder();
    build(declared);
    const random = new Random(1);
    const weights = new Map(
      declared.parameters.map((parameter) => [
        parameter.name,
        tensor('float32', initialise({ ...parameter, initializer: normal(0.3) }, random), parameter.shape),
      ]),
    );
    const graphs = [[name], [name, 'states']].map((outputs) => compileInference({ build, outputs, weights }));
    const wide = graphs.map((graph) =>
      graph.nodes.filter(({ op, outputs }) => op === 'Gelu' && outputs[0]!.shape.join() === 'batch,sequence,24'),
    );
    const results = await Promise.all(
      graphs.map((graph) => {
        const batch = batchOf(4);
        const feeds = Object.fromEntries(graph.inputs.map(({ name }) => [name, batch[name]!]));
        return runModel(writeModel(graph), feeds, [name]);
      }),
    );
    return { wide: wide.map(({ length }) => length), outputs: results.map((result) => result[name]!) };
  }

  it.each([
    ['the first token', classifier(), [2, 3]],
    ['masked positions', maskedWords, [2, 3]],
    ['the mean of all tokens', classifier(({ lastHiddenState }) => lastHiddenState.mean([1], false)), [3, 3]],
  ])('computes the rows that are read, with the same scores: %s', async (_what, build, layers) => {
    const { wide, outputs } = await bothWays(build, 'logits');
    expect(wide).toEqual(layers);
    const [early, whole] = outputs;
    expect(early!.dims).toEqual(whole!.dims);
    expect(allClose(early!, whole!, { rtol: 1e-5, atol: 1e-6 })).toBe(true);
  });
});

describe('gradients of micro-batches', () => {
  it('weighted by their rows are those of the whole batch', async () => {
    const compiled = trainProgram(classifier(), {});
    const undropped = {
      ...compiled,
      program: { ...compiled.program, randoms: compiled.program.randoms.map((input) => ({ ...input, rate: 0 })) },
    };
    const all = batchOf(8);
    const part = (from: number, to: number) =>
      Object.fromEntries(
        Object.entries(feedsOf(compiled, all)).map(([name, { dtype, dims, data }]) => {
          const width = data.length / dims[0]!;
          return [
            name,
            { dtype, dims: [to - from, ...dims.slice(1)], data: data.slice(from * width, to * width) } as never,
          ];
        }),
      );
    const moments = [];
    for (const cuts of [
      [0, 8],
      [0, 1, 4, 8],
    ]) {
      await using session = await openSession([undropped]);
      const microBatches = cuts.slice(1).map((to, i) => ({
        program: 'train',
        feeds: part(cuts[i]!, to),
        weight: to - cuts[i]!,
      }));
      await session.step({ microBatches, step: 1, learningRates: { default: 0 } });
      const state = await session.exportState();
      // After one step, the first moment is a tenth of the gradient.
      moments.push(new Map(Array.from(state.moments, ([name, { m }]) => [name, { data: m }])));
    }
    expect(largestDifference(moments[1]!, moments[0]!)).toBeLessThan(1e-6);
  });
});
