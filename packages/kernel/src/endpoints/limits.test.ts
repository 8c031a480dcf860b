import { ValidationError } from '@zooid/common';
import { LimitError } from '@zooid/spec';
import { describe, expect, it } from 'vitest';
import { boundTokens, defaultLimits, TextMeter } from './limits.js';

function thrown(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  return undefined;
}

describe('TextMeter', () => {
  const limits = { ...defaultLimits, maxTextLength: 5, maxTextTotal: 12 };

  it('points at the string that is too long, wherever it is', () => {
    const error = thrown(() => new TextMeter(limits).measure({ text: 'a', more: [{ 'a/b': '123456' }] }, '/inputs/3'));
    expect(error).toBeInstanceOf(LimitError);
    expect(error).toMatchObject({ path: '/inputs/3/more/0/a~1b', limit: 5, actual: 6 });
  });

  it('adds up what all items and the parameters hold', () => {
    const meter = new TextMeter(limits);
    meter.measure({ text: '12345' }, '/inputs/0');
    meter.measure({ text: '1234', pair: '123' }, '/inputs/1');
    expect(thrown(() => meter.measure({ labels: ['1'] }, '/parameters'))).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      path: '/inputs',
      limit: 12,
      actual: 13,
    });
  });

  it('survives any depth', () => {
    let deep: unknown = '123456';
    for (let i = 0; i < 100_000; i++) deep = [deep];
    expect(thrown(() => new TextMeter(limits).measure(deep, ''))).toBeInstanceOf(LimitError);
  });
});

describe('boundTokens', () => {
  const limits = { ...defaultLimits, maxTokens: 4 };

  it('refuses every item with too many, names the limit, and passes on what is within', () => {
    const told: unknown[] = [];
    const context = { onTokens: (...counts: unknown[]) => told.push(counts) };
    const error = thrown(() => boundTokens(context, limits, true).onTokens?.(15, [4, 5, 6]));
    expect(error).toBeInstanceOf(ValidationError);
    expect((error as ValidationError).issues).toEqual([
      { path: '/inputs/1/text', message: 'has 5 tokens, at most 4 are allowed (limits.maxTokens); shorten it' },
      { path: '/inputs/2/text', message: 'has 6 tokens, at most 4 are allowed (limits.maxTokens); shorten it' },
    ]);
    expect(told).toEqual([]);
    boundTokens(context, limits, true).onTokens?.(8, [4, 4]);
    expect(told).toEqual([[8, [4, 4]]]);
    const one = thrown(() => boundTokens({}, limits, false).onTokens?.(5, [5]));
    expect((one as ValidationError).issues[0]?.path).toBe('/inputs/text');
  });

  it('leaves the context as it is where nothing is bounded', () => {
    const context = {};
    expect(boundTokens(context, defaultLimits, true)).toBe(context);
  });
});
