import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from './environment.js';
import { UsageError } from './errors.js';
import { toExitCode } from './exit-codes.js';

describe('readEnvironment', () => {
  it('has a default for everything', () => {
    expect(readEnvironment({})).toEqual({
      cacheFolder: join(homedir(), '.cache', 'zooid'),
      color: true,
      forPlugins: {},
    });
  });

  it('reads what is set, and takes empty for unset', () => {
    const env = { ZOOID_DATA: 'data', ZOOID_CACHE: '/c', PORT: '8080', NO_COLOR: '1' };
    expect(readEnvironment(env)).toEqual({
      dataFolder: resolve('data'),
      cacheFolder: '/c',
      port: 8080,
      color: false,
      forPlugins: env,
    });
    expect(readEnvironment({ ZOOID_DATA: '', PORT: '', NO_COLOR: '', XDG_CACHE_HOME: '/x' })).toMatchObject({
      cacheFolder: '/x/zooid',
      color: true,
    });
  });

  it.each(['-1', '65536', '80a', '1e3', ' 80'])('refuses the port %s', (PORT) => {
    expect(() => readEnvironment({ PORT })).toThrow(UsageError);
  });
});

describe('toExitCode', () => {
  it('is 2 for what the caller can put right, 130 for interruptions and 1 for the rest', async () => {
    const { AbortError, ValidationError } = await import('@zooid/common');
    expect(toExitCode(new UsageError('x'))).toBe(2);
    expect(toExitCode(new ValidationError('x', []))).toBe(2);
    expect(toExitCode(new AbortError())).toBe(130);
    expect(toExitCode(new TypeError('x'))).toBe(1);
    expect(toExitCode('x')).toBe(1);
  });
});
