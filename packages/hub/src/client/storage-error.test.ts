import { describe, expect, it } from 'vitest';
import { HubStorageError } from './errors.js';
import { onStorage, storageError } from './storage-error.js';

const failure = (code: string) => Object.assign(new Error(code), { code });

describe('storageError', () => {
  it.each([
    ['ENOSPC', /disk of \/c is full; make room/],
    ['EDQUOT', /disk of \/c is full/],
    ['EROFS', /\/c cannot be written \(EROFS\); set HF_HUB_CACHE/],
    ['EACCES', /cannot be written/],
  ])('explains %s', async (code, message) => {
    const error = await onStorage('/c', () => Promise.reject(failure(code))).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HubStorageError);
    expect((error as Error).message).toMatch(message);
  });

  it('leaves other failures as they are', () => {
    for (const error of [failure('ECONNRESET'), new TypeError('x'), 'text'])
      expect(storageError('/c', error)).toBe(error);
  });
});
