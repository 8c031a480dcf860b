import { GraphError } from '@zooid/onnx';
import { tensor } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { GraphBuilder } from './graph-builder.js';
import { normal, zeros } from './initialise.js';
import { linear } from './linear.js';
import type { LinearView, ParameterView } from './module-context.js';

describe('parameters', () => {
  it('are named by path and shared by later uses', () => {
    const builder = new GraphBuilder();
    const a = builder.child('encoder').child('layer.0').parameter('weight', [2, 3], normal(0.02));
    const b = builder.child('encoder.layer.0').parameter('weight', [2, 3], normal(0.02));
    expect(b).toBe(a);
    expect(builder.parameters).toEqual([
      { name: 'encoder.layer.0.weight', shape: [2, 3], initializer: { kind: 'normal', std: 0.02 } },
    ]);
    expect(builder.graph.inputs.map(({ name }) => name)).toEqual(['encoder.layer.0.weight']);
  });

  it('refuse a second declaration of another shape', () => {
    const builder = new GraphBuilder();
    builder.parameter('weight', [2, 3], zeros);
    expect(() => builder.parameter('weight', [3, 2], zeros)).toThrow(GraphError);
    expect(() => builder.parameter('weight', [3, 2], zeros)).toThrow("'weight' has shape [2, 3] already");
  });

  it('become initializers when weights are given', () => {
    const weights = new Map([['head.bias', tensor('float32', [1, 2], [2])]]);
    const builder = new GraphBuilder({ weights });
    const bias = builder.child('head').parameter('bias', [2], zeros);
    expect(builder.graph.initializers.get(bias)).toBe(weights.get('head.bias'));
    expect(builder.graph.inputs).toEqual([]);
  });

  it('are asked for by name when the weights lack them or disagree on the shape', () => {
    const builder = new GraphBuilder({ weights: new Map([['bias', tensor('float32', [1, 2], [2])]]) });
    expect(() => builder.parameter('weight', [2], zeros)).toThrow("lack 'weight'");
    expect(() => builder.parameter('bias', [3], zeros)).toThrow(
      "'bias' has shape [2]; the model's config asks for [3]",
    );
  });

  it('are found again by name, and a wrong name says what there is', () => {
    const builder = new GraphBuilder();
    const weight = builder.parameter('weight', [2], zeros);
    expect(builder.weight('weight')).toBe(weight);
    expect(() => builder.weight('wieght')).toThrow("'wieght'; declared are: weight");
  });
});

describe('parameter views', () => {
  const doubled: ParameterView = (_name, weight) => weight.mul(2);

  it('apply once per parameter, and the plain weight stays reachable', () => {
    const seen: string[] = [];
    const builder = new GraphBuilder({
      parameterView: (name, weight) => {
        seen.push(name);
        return weight.mul(2);
      },
    });
    const first = builder.parameter('weight', [2], zeros);
    expect(builder.parameter('weight', [2], zeros)).toBe(first);
    expect(seen).toEqual(['weight']);
    expect(first.producer?.op).toBe('Mul');
    expect(builder.weight('weight').producer).toBeUndefined();
  });

  it('stack in order and touch only what is below them', () => {
    const order: string[] = [];
    const builder = new GraphBuilder({
      parameterView: (name, weight) => {
        order.push(`outer ${name}`);
        return weight.neg();
      },
    });
    const inner = builder.child('a').withParameterView((name, weight) => {
      order.push(`inner ${name}`);
      return weight.exp();
    });
    const viewed = inner.parameter('w', [2], zeros);
    expect(viewed.producer?.op).toBe('Exp');
    expect(viewed.producer?.inputs[0]?.producer?.op).toBe('Neg');
    expect(builder.child('b').parameter('w', [2], zeros).producer?.op).toBe('Neg');
    expect(order).toEqual(['outer a.w', 'inner a.w', 'outer b.w']);
  });

  it('declare parameters of their own by full name, without being viewed themselves', () => {
    const builder = new GraphBuilder();
    const lowRank = builder.child('dense').withParameterView((name, weight, context) => {
      if (!name.endsWith('weight')) return weight;
      const [out, width] = weight.shape as readonly [number, number];
      const a = context.parameter(`${name}.lora_A`, [4, width], normal(0.02));
      return weight.add(context.parameter(`${name}.lora_B`, [out, 4], zeros).matmul(a));
    });
    linear(lowRank, builder.input('x', 'float32', ['batch', 8]), 3);
    expect(builder.parameters.map(({ name }) => name)).toEqual([
      'dense.weight',
      'dense.weight.lora_A',
      'dense.weight.lora_B',
      'dense.bias',
    ]);
  });

  it('must keep the shape', () => {
    const builder = new GraphBuilder({ parameterView: (_name, weight) => weight.sum([0], false) });
    expect(() => builder.parameter('weight', [2, 3], zeros)).toThrow('it must keep [2, 3]');
    expect(doubled('', new GraphBuilder().parameter('w', [1], zeros), builder).shape).toEqual([1]);
  });
});

describe('linear views', () => {
  const gated: LinearView = ({ path, input, output }, context) =>
    output.add(input.matmul(context.parameter(`${path}.side`, [2, 3], zeros)));

  it('see input, output and full path of the linear layers below them, and declare parameters of their own', () => {
    const builder = new GraphBuilder();
    const seen: string[] = [];
    const watching: LinearView = ({ path, output }) => {
      seen.push(path);
      return output;
    };
    const x = builder.input('x', 'float32', ['batch', 2]);
    const viewed = builder.child('encoder').withLinearView(watching).withLinearView(gated);
    const y = linear(viewed.child('query'), x, 3);
    linear(builder.child('head'), y, 3);
    expect(seen).toEqual(['encoder.query']);
    expect(builder.parameters.map(({ name }) => name)).toEqual([
      'encoder.query.weight',
      'encoder.query.bias',
      'encoder.query.side',
      'head.weight',
      'head.bias',
    ]);
  });

  it('must keep the shape', () => {
    const builder = new GraphBuilder().withLinearView(({ output }) => output.sum([0], false));
    const x = builder.input('x', 'float32', ['batch', 2]);
    expect(() => linear(builder.child('dense'), x, 3)).toThrow(
      "The view of the linear layer 'dense' returned shape [3]; it must keep [batch, 3]",
    );
  });
});

describe('inputs', () => {
  it('are declared once and refuse another type', () => {
    const builder = new GraphBuilder();
    const ids = builder.child('deep').input('input_ids', 'int64', ['batch', 'sequence']);
    expect(builder.input('input_ids', 'int64', ['batch', 'sequence'])).toBe(ids);
    expect(builder.inputs).toEqual([{ name: 'input_ids', dtype: 'int64', shape: ['batch', 'sequence'], value: ids }]);
    expect(() => builder.input('input_ids', 'float32', ['batch', 'sequence'])).toThrow("Input 'input_ids' is int64");
    expect(() => builder.input('input_ids', 'int64', ['batch'])).toThrow(GraphError);
  });

  it('include scalars, fed per step', () => {
    const builder = new GraphBuilder();
    expect(builder.child('x').scalar('temperature')).toBe(builder.scalar('temperature'));
    expect(builder.scalars).toEqual(['temperature']);
    expect(builder.graph.inputs[0]?.shape).toEqual([]);
  });
});

describe('dropout', () => {
  it('is the identity outside training and at rate 0', () => {
    const inference = new GraphBuilder();
    const x = inference.input('x', 'float32', ['batch', 4]);
    expect(inference.dropout(x, 0.5)).toBe(x);
    const training = new GraphBuilder({ training: true });
    const y = training.input('x', 'float32', ['batch', 4]);
    expect(training.dropout(y, 0)).toBe(y);
    expect(training.dropouts).toEqual([]);
  });

  it('feeds one mask per use, named by path so that other modules keep theirs', () => {
    const builder = new GraphBuilder({ training: true });
    const x = builder.input('x', 'float32', ['batch', 4]);
    builder.child('a').dropout(x, 0.1);
    builder.child('b').dropout(builder.child('a').dropout(x, 0.2), 0.3);
    expect(builder.dropouts).toEqual([
      { name: 'dropout:a', shape: ['batch', 4], rate: 0.1 },
      { name: 'dropout:a:1', shape: ['batch', 4], rate: 0.2 },
      { name: 'dropout:b', shape: ['batch', 4], rate: 0.3 },
    ]);
  });

  it('refuses to drop everything', () => {
    const builder = new GraphBuilder({ training: true });
    const x = builder.input('x', 'float32', [4]);
    expect(() => builder.dropout(x, 1)).toThrow('must be in [0, 1)');
    expect(() => builder.dropout(x, Number.POSITIVE_INFINITY)).toThrow(GraphError);
  });
});
