import { scryptSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ApiKeys } from './api-keys.js';
import { digestOf, hashApiKey, keyHashPattern, matchesScrypt, parseScrypt } from './key-hash.js';

describe('key hashes', () => {
  it('are SHA-256 as FIPS 180-4 has it', () => {
    // Its example message "abc".
    expect(hashApiKey('abc')).toBe('sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(digestOf('abc')).toHaveLength(32);
  });

  it('are scrypt as RFC 7914, section 12, has it', async () => {
    const cost = { N: 1024, r: 8, p: 16 };
    const hash = Buffer.from(
      'fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640',
      'hex',
    );
    expect(await matchesScrypt('password', { cost, salt: Buffer.from('NaCl'), hash })).toBe(true);
    expect(await matchesScrypt('passwore', { cost, salt: Buffer.from('NaCl'), hash })).toBe(false);
  });

  it('are written in a form that is read back', async () => {
    const written = hashApiKey('p', 'scrypt');
    expect(written).toMatch(keyHashPattern);
    expect(await matchesScrypt('p', parseScrypt(written))).toBe(true);
  });

  it('bound what waits for scrypt', async () => {
    const salt = Buffer.alloc(16, 7);
    const cheap = scryptSync('p', salt, 32, { N: 1024, r: 1, p: 1 });
    const hash = `scrypt:1024:1:1:${salt.toString('base64url')}:${cheap.toString('base64url')}`;
    const keys = new ApiKeys([{ name: 'a', hash }]);
    const guesses = await Promise.allSettled(Array.from({ length: 20 }, async (_, i) => keys.identify(`guess ${i}`)));
    const codes = guesses.map((guess) => guess.status === 'rejected' && (guess.reason as { code: string }).code);
    expect(codes.filter((code) => code === 'OVERLOADED')).toHaveLength(4);
    expect(codes.filter((code) => code === 'UNAUTHENTICATED')).toHaveLength(16);
    expect(await keys.identify('p')).toMatchObject({ name: 'a' });
  });
});
