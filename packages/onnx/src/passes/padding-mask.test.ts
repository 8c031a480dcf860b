import { tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { Graph } from '../graph.js';
import type { Value } from '../value.js';
import { paddingMask } from './padding-mask.js';
import { Rewriting } from './rewrite-graph.js';

const LOWEST = -3.4028234663852886e38;

function recognise(build: (mask: Value, graph: Graph) => Value) {
  const graph = new Graph();
  const mask = graph.input('attention_mask', 'int64', ['batch', 'sequence']);
  const found = paddingMask(build(mask, graph), new Rewriting(graph));
  return found && { mask: found.mask.name, filter: found.filter };
}

describe('paddingMask', () => {
  it.each<[string, (mask: Value, graph: Graph) => Value, number]>([
    ['ours', (m) => m.cast('float32').sub(1).mul(1e4).unsqueeze([1, 2]), -1e4],
    [
      "torch's of old, (1 − m) · −10000",
      (m, g) =>
        g
          .scalar(1)
          .sub(m.unsqueeze([1]).unsqueeze([2]).cast('float32'))
          .mul(-1e4),
      -1e4,
    ],
    [
      'the lowest number',
      (m, g) =>
        g
          .scalar(1)
          .sub(m.unsqueeze([1, 2]).cast('float32'))
          .mul(LOWEST),
      LOWEST,
    ],
    [
      'masked_fill after expansion over queries',
      (m, g) => {
        const expanded = m.unsqueeze([1, 2]).expand(['batch', 1, 'sequence', 'sequence']).cast('float32');
        const inverted = g.scalar(1).sub(expanded);
        return inverted.cast('bool').where(g.scalar(LOWEST), inverted);
      },
      LOWEST,
    ],
    [
      'where and −∞',
      (m, g) => m.unsqueeze([1, 2]).equal(0).where(g.scalar(Number.NEGATIVE_INFINITY), g.scalar(0)),
      LOWEST,
    ],
    [
      'a constant of the same shape',
      (m, g) => {
        const bias = m.unsqueeze([1, 2]);
        const zeros = g.emit('ConstantOfShape', [bias.runtimeShape()], { value: tensor('float32', [0]) })[0]!;
        return bias.cast('bool').where(zeros, g.scalar(-500));
      },
      -500,
    ],
  ])('recognises %s', (_, build, filter) => {
    expect(recognise(build)).toEqual({ mask: 'attention_mask', filter });
  });

  it.each<[string, (mask: Value, graph: Graph) => Value]>([
    ['the mask of queries', (m) => m.cast('float32').sub(1).mul(1e4).unsqueeze([1, 3])],
    [
      'pairs of mask elements',
      (m) =>
        m
          .unsqueeze([1, 2])
          .mul(m.unsqueeze([1, 3]))
          .cast('float32')
          .sub(1)
          .mul(1e4),
    ],
    ['what tokens get a share of as well', (m) => m.cast('float32').sub(2).mul(1e4).unsqueeze([1, 2])],
    ['a bonus for padding', (m) => m.cast('float32').sub(1).mul(-1e4).unsqueeze([1, 2])],
    [
      'a bias from somewhere else besides',
      (m, g) =>
        m
          .cast('float32')
          .sub(1)
          .mul(1e4)
          .unsqueeze([1, 2])
          .add(g.input('bias', 'float32', ['batch', 1, 1, 'sequence'])),
    ],
    [
      'a learned bias',
      (m, g) =>
        m
          .cast('float32')
          .unsqueeze([1, 2])
          .mul(g.initializer('w', tensor('float32', [1, 2]))),
    ],
    ['a function it does not know', (m) => m.cast('float32').sub(1).exp().unsqueeze([1, 2])],
    [
      'a mask with axes of its own',
      (_, g) => g.input('m4', 'int64', ['batch', 1, 1, 'sequence']).cast('float32').sub(1).mul(1e4),
    ],
    [
      'a mask of fractions',
      (_, g) => g.input('soft', 'float32', ['batch', 'sequence']).sub(1).mul(1e4).unsqueeze([1, 2]),
    ],
    ['a number', (_, g) => g.constant([0], 'float32', [1, 1, 1, 1])],
    [
      'what doubles a hundred times over',
      (m) => {
        let sum = m.cast('float32').unsqueeze([1, 2]);
        for (let i = 0; i < 100; i++) sum = sum.add(sum);
        return sum;
      },
    ],
  ])('does not take %s for one', (_, build) => {
    expect(recognise(build)).toBeUndefined();
  });

  it('evaluates shared parts once', () => {
    const found = recognise((m) => {
      let bias = m.cast('float32').sub(1).unsqueeze([1, 2]);
      for (let i = 0; i < 40; i++) bias = bias.add(bias);
      return bias;
    });
    expect(found?.filter).toBe(-(2 ** 40));
  });
});
