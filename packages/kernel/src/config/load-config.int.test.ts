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
      '  chat:',
      '    - { version: 1, model: old }',
      '    - { version: two, model: ./new, default: true, lazy: true }',
      'aliases: { assistant: chat@1, helper: assistant }',
      'memoryBudget: 1.5GiB',
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
        { name: 'chat', model: 'old', version: '1' },
        { name: 'chat', model: join(root, 'new'), version: 'two', default: true, lazy: true },
      ],
      aliases: { assistant: 'chat@1', helper: 'assistant' },
      memoryBudget: 1_610_612_736,
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
      aliases: {},
      memoryBudget: undefined,
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

  it.each([
    [
      'a: [{ version: 1, model: x }, { version: 1, model: y, default: true }]',
      '/endpoints/a/1/version',
      'earlier entry',
    ],
    ['a: [{ version: 1, model: x }, { version: 2, model: y }]', '/endpoints/a', 'say default: true'],
    ['a: [{ model: x }]', '/endpoints/a/0/version', 'is required in a list'],
    ['a: [{ version: 1.5, model: x }]', '/endpoints/a/0/version', 'must be up to 64 letters'],
    ['a: [{ version: a@b, model: x }]', '/endpoints/a/0/version', 'must be up to 64 letters'],
    ['a: []', '/endpoints/a', 'at least one version'],
    ['a: [{ version: 1, modle: x }]', '/endpoints/a/0/modle', "did you mean 'model'"],
    ['a@1: x', '/endpoints/a@1', 'must be up to 64 letters'],
    ['a: { model: x, lazy: yes please }', '/endpoints/a/lazy', 'boolean'],
  ])('refuses endpoints %j', async (content, path, reason) => {
    const found = await issues(`endpoints:\n  ${content}\n`);
    expect(found.map((issue) => issue.path)).toContain(path);
    expect(found.find((issue) => issue.path === path)?.message).toContain(reason);
  });

  it('refuses two defaults', async () => {
    const content =
      'endpoints: { a: [{ version: 1, model: x, default: true }, { version: 2, model: y, default: true }] }';
    expect(await issues(content)).toMatchObject([{ path: '/endpoints/a/1/default' }]);
  });

  it('refuses aliases to nothing, to themselves, and of names that are taken', async () => {
    const content = [
      'endpoints: { intent: [{ version: 1, model: x }], chat: y }',
      'aliases: { helper: intnt@1, chat: intent, a: b, b: c, c: a, deep: [], "not ok": chat }',
    ];
    expect(await issues(content.join('\n'))).toEqual([
      { path: '/aliases/helper', message: expect.stringMatching(/^leads to 'intnt@1'.*did you mean 'intent@1'/) },
      { path: '/aliases/chat', message: expect.stringContaining('is the name of an endpoint') },
      { path: '/aliases/a', message: 'leads back to itself: a → b → c → a (line 2)' },
      { path: '/aliases/b', message: 'leads back to itself: b → c → a → b (line 2)' },
      { path: '/aliases/c', message: 'leads back to itself: c → a → b → c (line 2)' },
      { path: '/aliases/deep', message: expect.stringContaining('must be a name') },
      { path: '/aliases/not ok', message: expect.stringContaining('must be up to 64') },
    ]);
  });

  it.each(['2 potatoes', '-1GiB', '0', 'lots', 'true', '[]'])('refuses the memory budget %s', async (size) => {
    expect(await issues(`memoryBudget: ${size}\n`)).toEqual([
      { path: '/memoryBudget', message: 'must be a size such as 512MiB, 2GiB or 1.5GB, or a number of bytes (line 1)' },
    ]);
  });

  it('says that a file is not there', async () => {
    await expect(loadConfig(join(root, 'none.yaml'))).rejects.toThrow('there is no such file');
  });

  it('refuses an alias bomb instead of unfolding it', async () => {
    const levels = Array.from({ length: 12 }, (_, i) => `l${i + 1}: &l${i + 1} [${`*l${i}, `.repeat(9)}*l${i}]`);
    await expect(load(`l0: &l0 [x]\n${levels.join('\n')}\n`)).rejects.toMatchObject({ code: 'VALIDATION_FAILED' });
  });
});
