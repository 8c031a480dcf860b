import { validateDto } from '@zooid/spec';
import { describe, expect, it } from 'vitest';
import { ServerConfig } from '../config.js';
import { configIssues, isLoopback } from './binding.js';
import { hashApiKey } from './key-hash.js';

describe('isLoopback', () => {
  it.each(['127.0.0.1', '127.8.9.1', '::1', '[::1]', 'localhost', '::ffff:127.0.0.1'])('knows %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });
  it.each(['0.0.0.0', '::', '10.0.0.1', 'example.org', '127.0.0.1.example.org', '128.0.0.1', ''])('not %s', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});

describe('the configuration', () => {
  const issues = (section: object) => {
    try {
      return configIssues(validateDto(ServerConfig, section, 'server')).map(({ path }) => path);
    } catch (error) {
      return (error as { issues: { path: string }[] }).issues.map(({ path }) => path);
    }
  };
  const hash = hashApiKey('k');

  it('takes everything that is documented', () => {
    expect(
      issues({
        keys: [{ name: 'a', hash, requestsPerMinute: 5 }],
        rateLimit: { perAddress: 100 },
        cors: { origins: ['https://a.example', '*'] },
        proxies: { trusted: ['10.0.0.0/8', 'loopback', '::1'] },
        log: { level: 'warn', access: false },
        metrics: { public: true },
        deadlineMs: 1000,
        unreadyDelayMs: 5000,
      }),
    ).toEqual([]);
  });

  it.each([
    [{ keys: [{ name: 'a', hash: 'the key itself' }] }, '/keys/0/hash'],
    [{ keys: [{ name: 'a b', hash }] }, '/keys/0/name'],
    [{ keys: [{ name: 'a', hash, rate: 1 }] }, '/keys/0/rate'],
    [
      {
        keys: [
          { name: 'a', hash },
          { name: 'b', hash },
        ],
      },
      '/keys/1/hash',
    ],
    [{ cors: { origins: ['https://a.example/path'] } }, '/cors/origins'],
    [{ cors: { origin: [] } }, '/cors/origin'],
    [{ proxies: { trusted: ['everyone'] } }, '/proxies/trusted/0'],
    [{ proxies: { trusted: ['10.0.0.0/33'] } }, '/proxies/trusted/0'],
    [{ log: { level: 'loud' } }, '/log/level'],
    [{ rateLimit: { perKey: -1 } }, '/rateLimit/perKey'],
    [{ deadlineMs: 0 }, '/deadlineMs'],
  ])('refuses %j', (section, path) => {
    expect(issues(section).some((at) => at.startsWith(path))).toBe(true);
  });
});
