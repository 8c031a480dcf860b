import { describe, expect, it } from 'vitest';
import { canonicalJson, configDifferences, configDigest } from './config-digest.js';

describe('a run configuration', () => {
  it('has one digest whatever the order of its keys, and without absent ones', () => {
    const digest = configDigest({ a: 1, b: { c: [1, 2], d: null } });
    expect(configDigest({ b: { d: null, c: [1, 2] }, a: 1, e: undefined })).toBe(digest);
    expect(configDigest({ a: 1, b: { c: [2, 1], d: null } })).not.toBe(digest);
  });

  it('is written as sorted JSON', () => {
    expect(canonicalJson({ b: [{ z: 1, y: 'é' }], a: true })).toBe('{"a":true,"b":[{"y":"é","z":1}]}');
  });

  it('differs by dotted keys: changed, added and removed ones', () => {
    const before = { train: { rate: 1, warmup: 0.1 }, files: ['a'], seed: 1 };
    const now = { train: { rate: 2, warmup: 0.1, epochs: 3 }, files: ['a', 'b'] };
    expect(configDifferences(before, now)).toEqual([
      { key: 'files', checkpoint: '["a"]', now: '["a","b"]' },
      { key: 'seed', checkpoint: '1', now: undefined },
      { key: 'train.epochs', checkpoint: undefined, now: '3' },
      { key: 'train.rate', checkpoint: '1', now: '2' },
    ]);
    expect(configDifferences(before, before)).toEqual([]);
  });
});
