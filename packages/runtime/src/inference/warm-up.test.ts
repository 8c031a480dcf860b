import { expect, it } from 'vitest';
import { warmUpFeeds } from './warm-up.js';

it('makes one row of a few tokens, all of them present, the first word of the vocabulary', () => {
  const feeds = warmUpFeeds([
    { name: 'input_ids', dtype: 'int64', shape: ['batch', 'sequence'] },
    { name: 'attention_mask', dtype: 'int64', shape: ['batch', 'sequence'] },
    { name: 'token_type_ids', dtype: 'int64', shape: ['batch', 'sequence'] },
  ])!;
  expect(feeds.input_ids).toEqual({ dtype: 'int64', dims: [1, 8], data: new BigInt64Array(8) });
  expect(feeds.attention_mask).toEqual({ dtype: 'int64', dims: [1, 8], data: new BigInt64Array(8).fill(1n) });
  expect(feeds.token_type_ids!.data).toEqual(new BigInt64Array(8));
});

it('keeps sizes that the model states, and gives one name one size', () => {
  const feeds = warmUpFeeds([
    { name: 'pixels', dtype: 'float32', shape: [3, 4, 'width'] },
    { name: 'pixel_mask', dtype: 'float16', shape: ['width', ''] },
    { name: 'MASK', dtype: 'bool', shape: [] },
  ])!;
  expect(feeds.pixels!.dims).toEqual([3, 4, 8]);
  expect(feeds.pixel_mask!.dims).toEqual([1, 8]);
  expect(feeds.pixel_mask!.data[0]).toBe(0x3c00);
  expect(feeds.MASK).toEqual({ dtype: 'bool', dims: [], data: Uint8Array.of(1) });
});

it('does not make up inputs that are huge, whatever their sizes multiply to', () => {
  const huge = [{ name: 'x', dtype: 'float32', shape: [2 ** 31, 2 ** 31, 2 ** 31] }] as const;
  expect(warmUpFeeds(huge)).toBeUndefined();
  expect(warmUpFeeds([{ name: 'x', dtype: 'float32', shape: [1024, 1025] }])).toBeUndefined();
});

it('has nothing to make for a model without inputs', () => {
  expect(warmUpFeeds([])).toEqual({});
});
