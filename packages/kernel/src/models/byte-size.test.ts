import { describe, expect, it } from 'vitest';
import { formatBytes, parseByteSize } from './byte-size.js';

describe('parseByteSize', () => {
  it.each([
    ['2GiB', 2 ** 31],
    ['2 gib', 2 ** 31],
    ['1.5GB', 1_500_000_000],
    ['64 KiB', 65_536],
    ['10kb', 10_000],
    ['12B', 12],
    ['1000000', 1_000_000],
    [4096, 4096],
  ])('reads %j', (text, bytes) => {
    expect(parseByteSize(text)).toBe(bytes);
  });

  it.each(['', 'GiB', '0', '0.1', '-1GiB', '1e9', '2 GiBs', '2 Gi', '9999999999TiB', 'NaN', -5, Number.NaN])(
    'does not read %j',
    (text) => {
      expect(parseByteSize(text)).toBeUndefined();
    },
  );
});

describe('formatBytes', () => {
  it.each([
    [12, '12 B'],
    [1536, '1.5 KiB'],
    [2 ** 31, '2 GiB'],
    [640 * 2 ** 20, '640 MiB'],
  ])('writes %j', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});
