import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ValidationError } from '@zooid/common';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfig } from './load-config.js';

describe('loadConfig', () => {
  let root: string;
  let file: string;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'zooid-config-'));
    file = join(root, 'zooid.yaml');
  });
  afterEach(() => rm(root, { recursive: true, force: true }));

  const load = async (content: string) => {
    await writeFile(file, content);
    return loadConfig(file);
  };
  const issues = async (content: string) => {
    try {
      await load(content);
    } catch (error) {
      return (error as ValidationError).issues;
    }
    return expect.fail('the configuration should have been refused');
  };

  it('makes paths absolute and spells shorthands out', async () => {
    const content = [
      'plugins: [app-intent, ./my-plugin]',
      'settings: { app-intent: { watch: true } }',
      'endpoints:',
      '  music: intent-zh-speaker',
      '  mine: { model: ./models/mine, app: intent }',
      'models: [models]',
      'data: [../data]',
      'limits: { maxItems: 16 }',
      'batching: { maxTokens: 128, deterministic: true }',
      'server: { port: 8080 }',
    ];
    expect(await load(content.join('\n'))).toEqual({
      file,
      root,
      plugins: ['app-intent', './my-plugin'],
      settings: { 'app-intent': { watch: true } },
      endpoints: [
        { name: 'music', model: 'intent-zh-speaker' },
        { name: 'mine', model: join(root, 'models/mine'), app: 'intent' },
      ],
      models: [join(root, 'models')],
      data: [join(root, '../data')],
      limits: { maxItems: 16 },
      batching: { maxTokens: 128, deterministic: true },
      server: { port: 8080 },
    });
  });

  it('takes an empty file for all defaults', async () => {
    expect(await load('# nothing yet\n')).toMatchObject({
      plugins: undefined,
      settings: {},
      endpoints: [],
      server: {},
    });
  });

  it('names unknown keys with line and nearest key', async () => {
    expect(await issues('endpoint:\n  a: b\nlimits:\n  maxItem: 3\n')).toEqual([
      { path: '/endpoint', message: "is an unknown key; did you mean 'endpoints'? (line 1)" },
      { path: '/limits/maxItem', message: "is an unknown key; did you mean 'maxItems'? (line 4)" },
    ]);
    expect(await issues('endpoints:\n  a: { modle: x }\n')).toEqual([
      { path: '/endpoints/a/modle', message: "is an unknown key; did you mean 'model'? (line 2)" },
      { path: '/endpoints/a/model', message: 'is required' },
    ]);
  });

  it.each([
    ['endpoints: [', 'line 1, column'],
    ['a: 1\n b: 2', 'line'],
    ['- list', 'must be an object, got an array'],
    ['just text', 'must be an object, got "just text"'],
    ['endpoints: { a: 5 }', 'must be an object, got 5'],
    ['limits: { maxItems: 0 }', 'must not be less than 1 (line 1)'],
    ['batching: { maxTokens: 0 }', 'must not be less than 1 (line 1)'],
    ['batching: { window: 2 }', 'is an unknown key'],
    ['plugins: app-intent', 'must be an array'],
  ])('refuses %j', async (content, reason) => {
    expect((await issues(content)).map(({ message }) => message).join('; ')).toContain(reason);
  });

  it('says that a file is not there', async () => {
    await expect(loadConfig(join(root, 'none.yaml'))).rejects.toThrow('there is no such file');
  });

  it('refuses an alias bomb instead of unfolding it', async () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}*l${i}]`);
    await expect(load(`l0: &l0 [x]\n${levels.join('\n')}\n`)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});
