import { describe, expect, it } from 'vitest';
import { applyOverrides } from './overrides.js';

describe('applyOverrides', () => {
  const applied = (tree: Record<string, unknown>, ...overrides: string[]) => {
    applyOverrides(tree, overrides);
    return tree;
  };

  it.each([
    ['a=1', { a: 1 }],
    ['a=1e-4', { a: 1e-4 }],
    ['a=true', { a: true }],
    ['a=no', { a: 'no' }],
    ['a="1"', { a: '1' }],
    ['a.b=', { a: {} }],
    ['a=x=y', { a: 'x=y' }],
    ['a=[1, b]', { a: [1, 'b'] }],
    ['a={ fraction: 0.1 }', { a: { fraction: 0.1 } }],
    ['a.b.c=汉字', { a: { b: { c: '汉字' } } }],
  ])('reads %s as YAML', (override, expected) => {
    expect(applied({}, override)).toEqual(expected);
  });

  it('takes a key out where no value is given', () => {
    expect(applied({ data: { train: 'a', test: 'b' }, encoder: 1 }, 'data.test=', 'encoder=')).toEqual({
      data: { train: 'a' },
    });
  });

  it('keeps the neighbours of what it sets, and lets the last one win', () => {
    expect(applied({ train: { epochs: 5, seed: 1 } }, 'train.epochs=1', 'train.epochs=2')).toEqual({
      train: { epochs: 2, seed: 1 },
    });
  });

  it('reaches into lists by place, and may add one at the end', () => {
    const tree = { list: [{ rate: 1 }, 'b'] };
    expect(applied(tree, 'list.0.rate=2', 'list.2=c')).toEqual({ list: [{ rate: 2 }, 'b', 'c'] });
    expect(() => applied(tree, 'list.9=x')).toThrow('is not a place in the list');
    expect(() => applied(tree, 'list.1.x=1')).toThrow('which has no keys');
  });

  it('names every override that cannot be applied', () => {
    expect(() => applied({ app: 'echo' }, 'app.x=1', 'nothing')).toThrow(
      "--set: 'app.x=1' leads through app, which has no keys; 'nothing' must look like key=value",
    );
  });

  it('never leaves the given tree', () => {
    applied({}, '__proto__.polluted=1', 'constructor.prototype.polluted=1');
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });
});
