import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { silentLogger, type ValidationError } from '@zooid/common';
import { createKernel, type DatasetConfig, type Kernel } from '@zooid/kernel';
import { type DataSplit, IsIn, type ProgressEvent, RecipeOptions } from '@zooid/spec';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { codeOf, rejection } from '../contracts/plugin-contract.js';
import { fakeApp } from '../fakes/fake-app.js';
import { type FakeMethod, fakeMethod } from '../fakes/fake-method.js';
import { fakeArtifacts } from '../fakes/fake-model.js';
import { fakeJsonLines } from '../fakes/json-lines.js';
import { memoryStore } from '../fakes/memory-store.js';

class AppOptions {
  @IsIn(['vector', 'scalar'])
  gate = 'vector';
}

const sha256 = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex');
const lines = (count: number, prefix = 'text') =>
  Array.from(
    { length: count },
    (_, i) => `${JSON.stringify({ text: `${prefix} ${i}`, label: i % 2 ? 'a' : 'b' })}\n`,
  ).join('');

async function textsOf(split: DataSplit): Promise<string[]> {
  const texts: string[] = [];
  for await (const { record } of split.records()) texts.push((record as { text: string }).text);
  return texts;
}

describe('recipes', () => {
  let root: string;
  let kernel: Kernel;
  let method: FakeMethod;

  const write = async (path: string, content: string | Uint8Array) => {
    await mkdir(join(root, path, '..'), { recursive: true });
    await writeFile(join(root, path), content);
  };
  const start = async (datasets: DatasetConfig = {}, misfit?: string) => {
    method = fakeMethod({ misfit: () => misfit });
    const app = fakeApp({ capabilities: new Map([[RecipeOptions.key, AppOptions]]) });
    kernel = await createKernel({
      plugins: [app.plugin, method.plugin, fakeJsonLines().plugin, memoryStore([fakeArtifacts({ id: 'base' })]).plugin],
      config: { root, datasets },
    });
  };
  const prepare = (overrides: string[] = [], recipe = 'recipe.yaml') =>
    kernel.training.prepare(join(root, recipe), { output: join(root, 'out'), overrides });
  const issues = async (work: Promise<unknown>) => ((await rejection(work)) as ValidationError).issues;

  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'zooid-recipes-'));
    await write('train.jsonl', lines(20));
    await write('dev.jsonl', lines(5, 'dev'));
    await write(
      'recipe.yaml',
      'app: echo\noptions: { gate: scalar }\nencoder: { preset: mini, layers: 2 }\n' +
        'data: { train: train.jsonl, validation: dev.jsonl, resources: { words: dev.jsonl } }\ntrain: { epochs: 5 }\n',
    );
    await start();
  });
  afterEach(async () => {
    await kernel[Symbol.asyncDispose]();
    await rm(root, { recursive: true, force: true });
  });

  it('become a job with every default filled in', async () => {
    const { job, records } = await prepare();
    expect(job.app.name).toBe('echo');
    expect(job.options).toMatchObject({ epochs: 5 });
    expect(job.appOptions).toEqual({ gate: 'scalar' });
    expect(job.data.resources).toEqual({ words: join(root, 'dev.jsonl') });
    expect(records).toEqual({ train: 20, validation: 5 });
    expect(job.recipe).toEqual({
      app: 'echo',
      method: 'fine-tune',
      options: { gate: 'scalar' },
      encoder: { preset: 'mini', layers: 2 },
      data: { train: 'train.jsonl', validation: 'dev.jsonl', resources: { words: 'dev.jsonl' } },
      train: { epochs: 5 },
      seed: 42,
    });
  });

  it('run with the method they name and report progress', async () => {
    const events: ProgressEvent[] = [];
    const prepared = await prepare();
    const context = { logger: silentLogger, progress: (event: ProgressEvent) => void events.push(event) };
    const result = await kernel.training.run(prepared, context);
    expect(result.metrics).toEqual({ records: 20 });
    expect(events.map(({ type }) => type)).toEqual(['done']);
    expect(method.jobs).toHaveLength(1);
  });

  it('are overridden from outside, with YAML values', async () => {
    const { job } = await prepare([
      'train.epochs=1',
      'seed=7',
      'encoder.layers=4',
      'data.validation={ fraction: 0.25 }',
    ]);
    expect(job.options).toMatchObject({ epochs: 1 });
    expect(job.recipe).toMatchObject({ seed: 7, encoder: { preset: 'mini', layers: 4 }, train: { epochs: 1 } });
    expect(await textsOf(job.data.validation!)).toHaveLength(5);
  });

  it.each([
    ['train.epochs', 'must look like key=value'],
    ['=1', 'must look like key=value'],
    ['train..epochs=1', 'has an empty key'],
    ['app.x.y=1', 'leads through app, which has no keys'],
    ['seed=[1', 'has a value that is not YAML'],
  ])('refuse the override %s', async (override, reason) => {
    const error = await rejection(prepare([override]));
    expect(codeOf(error)).toBe('VALIDATION_FAILED');
    expect((error as Error).message).toContain(reason);
  });

  it('let no override reach a prototype', async () => {
    expect(await issues(prepare(['__proto__.polluted=1']))).toMatchObject([{ path: '/__proto__' }]);
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it('name unknown keys at every level with the nearest valid key and the line', async () => {
    await write('bad.yaml', 'app: echo\nmethods: x\ndata:\n  train: train.jsonl\n  valid: dev.jsonl\n');
    expect(await issues(prepare([], 'bad.yaml'))).toEqual([
      { path: '/methods', message: "is an unknown key; did you mean 'method'? (line 2)" },
      { path: '/data/valid', message: "is an unknown key; did you mean 'validation'? (line 5)" },
    ]);
    await write('bad2.yaml', 'app: echo\noptions: { gat: x }\ndata: { train: train.jsonl }\ntrain:\n  epoch: 3\n');
    expect(await issues(prepare([], 'bad2.yaml'))).toEqual([
      { path: '/options/gat', message: "is an unknown key; did you mean 'gate'? (line 2)" },
      { path: '/train/epoch', message: "is an unknown key; did you mean 'epochs'? (line 5)" },
    ]);
  });

  it('name unknown apps and methods with the nearest loaded one', async () => {
    await write('bad.yaml', 'app: ecko\nmethod: finetune\ndata: { train: train.jsonl }\n');
    expect(await issues(prepare([], 'bad.yaml'))).toEqual([
      { path: '/app', message: "names 'ecko', which no loaded plugin provides; did you mean 'echo'? (line 1)" },
      {
        path: '/method',
        message: "names 'finetune', which no loaded plugin provides; did you mean 'fine-tune'? (line 2)",
      },
    ]);
  });

  it('say why method and app do not fit', async () => {
    await start({}, 'it offers no TrainingTask');
    expect(await issues(prepare())).toEqual([
      { path: '/method', message: "'fine-tune' cannot train app 'echo': it offers no TrainingTask" },
    ]);
  });

  it.each([
    ['app: [', 'line 1, column'],
    ['app: echo\napp: echo\n', 'Map keys must be unique'],
    ['- a\n', 'must be a mapping'],
    ['', '/app is required'],
    ['app: echo\ndata: { train: none.jsonl }\n', 'which does not exist'],
    ['app: echo\ndata: { train: [] }\n', 'must be the name of a split'],
    ['app: echo\ndata: { train: train.jsonl, validation: { fraction: 1.5 } }\n', 'between 0 and 1'],
    ['app: echo\nseed: 1.5\ndata: { train: train.jsonl }\n', '/seed must be an integer'],
    ['app: echo\nmodel: base\nencoder: {}\ndata: { train: train.jsonl }\n', 'cannot be combined with model'],
    ['app: echo\ndata: { dataset: nothing, train: train }\n', "unknown dataset 'nothing'"],
    ['app: echo\ndata: { train: recipe.yaml }\n', 'no loaded plugin reads'],
  ])('are refused before anything starts: %j', async (content, reason) => {
    await write('bad.yaml', content);
    const error = await rejection(prepare([], 'bad.yaml'));
    expect(codeOf(error)).toBe('VALIDATION_FAILED');
    expect((error as Error).message).toContain(reason);
  });

  it('start from the model they name', async () => {
    await write('from-base.yaml', 'app: echo\nmodel: base\ndata: { train: train.jsonl }\n');
    expect((await prepare([], 'from-base.yaml')).job.base?.id).toBe('base');
    expect(codeOf(await rejection(prepare(['model=nobody'], 'from-base.yaml')))).toBe('MODEL_NOT_FOUND');
  });

  it('stop at a bad data line, naming file and line', async () => {
    await write('train.jsonl', `${lines(2)}{"text": oops}\n`);
    const error = await rejection(prepare());
    expect((error as Error).message).toMatch(/^train\.jsonl:3: is not JSON/);
  });

  it('refuse a split without records', async () => {
    await write('dev.jsonl', '');
    expect(((await rejection(prepare())) as Error).message).toContain('holds no records for validation');
  });

  describe('that take validation from train', () => {
    const both = async (seed: number) => {
      const { job } = await prepare(['data.validation={ fraction: 0.25 }', `seed=${seed}`]);
      return { job, train: await textsOf(job.data.train), validation: await textsOf(job.data.validation!) };
    };

    it('part it without overlap, in file order, the same way for a seed', async () => {
      const first = await both(1);
      expect(first.validation).toHaveLength(5);
      expect(first.train).toHaveLength(15);
      expect(new Set([...first.train, ...first.validation]).size).toBe(20);
      const place = (text: string) => Number(text.split(' ')[1]);
      expect(first.train.map(place)).toEqual(first.train.map(place).sort((a, b) => a - b));
      const again = await both(1);
      expect(again.validation).toEqual(first.validation);
      expect(again.job.data.validation!.digest).toBe(first.job.data.validation!.digest);
    });

    it('part it differently for another seed, which shows in the digests', async () => {
      const [first, second] = [await both(1), await both(2)];
      expect(second.validation).not.toEqual(first.validation);
      const digests = [first, second].flatMap(({ job }) => [job.data.train.digest, job.data.validation!.digest]);
      expect(new Set(digests).size).toBe(4);
    });

    it('leave at least one record on each side', async () => {
      await write('train.jsonl', lines(2));
      const { train, validation } = await both(1);
      expect([train.length, validation.length]).toEqual([1, 1]);
    });
  });

  describe('that name a data set', () => {
    const content = lines(4, 'set');
    const packed = gzipSync(content);
    const fetched: string[] = [];
    const registry = (extra = '', digest = sha256(content)) =>
      [
        'toy:',
        '  title: Toy texts\n  language: en\n  license: CC0-1.0\n  redistributable: true',
        '  source: { url: https://example.org/toy, commit: abc123, path: data }',
        '  files:',
        `    train: { path: train.jsonl.gz, bytes: ${packed.length}, sha256: ${sha256(packed)}, unpacked: { bytes: ${content.length}, sha256: ${digest} } }`,
        extra,
      ].join('\n');
    const download = [
      '  download:',
      '    converter: jsonl',
      '    files:',
      `      train: { url: "https://example.org/train.jsonl", bytes: ${content.length}, sha256: ${sha256(content)} }`,
    ].join('\n');
    const serve = (body: string, status = 200): typeof fetch =>
      (async (url: string) => {
        fetched.push(url);
        return new Response(body, { status });
      }) as never;

    beforeEach(async () => {
      fetched.length = 0;
      await write('toy.yaml', 'app: echo\ndata: { dataset: toy, train: train }\n');
      await write('appzoo/datasets.yaml', registry());
    });
    const train = async () => textsOf((await prepare([], 'toy.yaml')).job.data.train);
    const inFolders = (folders: string[]) => start({ folders: folders.map((folder) => join(root, folder)) });

    it('read the first folder that has it, packed or not', async () => {
      await write('second/toy/train.jsonl', content);
      await inFolders(['first', 'second']);
      expect(await train()).toEqual(['set 0', 'set 1', 'set 2', 'set 3']);
    });

    it('refuse a file that is not the registered one', async () => {
      await write('first/toy/train.jsonl', lines(4, 'other'));
      await inFolders(['first']);
      const error = await rejection(train());
      expect(codeOf(error)).toBe('DATASET_FAILED');
      expect((error as Error).message).toContain('is not the registered file');
    });

    it('say what was searched, the source, the licence and where to put it', async () => {
      await inFolders(['first']);
      const error = await rejection(train());
      expect(codeOf(error)).toBe('DATASET_NOT_FOUND');
      for (const part of [
        join(root, 'first/toy/train.jsonl.gz'),
        'https://example.org/toy',
        'abc123',
        'CC0-1.0',
        'Put the file',
      ]) {
        expect((error as Error).message).toContain(part);
      }
    });

    it('name the nearest split and data set', async () => {
      await inFolders(['first']);
      expect(await issues(prepare(['data.train=trian'], 'toy.yaml'))).toMatchObject([
        { path: '/data/train', message: expect.stringContaining("did you mean 'train'?") },
      ]);
      expect(await issues(prepare(['data.dataset=tou'], 'toy.yaml'))).toMatchObject([
        { path: '/data/dataset', message: expect.stringContaining("did you mean 'toy'?") },
      ]);
    });

    it('find word lists of other data sets', async () => {
      await write('first/toy/train.jsonl', content);
      await inFolders(['first']);
      const { job } = await prepare(['data.resources={ words: toy/train }'], 'toy.yaml');
      expect(job.data.resources.words).toBe(join(root, 'first/toy/train.jsonl'));
    });

    it('download it once into the cache', async () => {
      await write('appzoo/datasets.yaml', registry(download));
      await start({ folders: [], cache: join(root, 'cache'), fetch: serve(content) });
      expect(await train()).toHaveLength(4);
      expect(await train()).toHaveLength(4);
      expect(fetched).toEqual(['https://example.org/train.jsonl']);
      expect(await readFile(join(root, 'cache/toy/train.jsonl'), 'utf8')).toBe(content);
    });

    it.each([
      ['a cut download', content.slice(0, 20), 200, 'cut short'],
      ['a server error', 'no', 503, 'answered 503'],
    ])('refuse %s and keep nothing of it', async (_, body, status, reason) => {
      await write('appzoo/datasets.yaml', registry(download));
      await start({ folders: [], cache: join(root, 'cache'), fetch: serve(body, status) });
      const error = await rejection(train());
      expect(codeOf(error)).toBe('DATASET_FAILED');
      expect((error as Error).message).toContain(reason);
      await expect(readFile(join(root, 'cache/toy/train.jsonl'))).rejects.toThrow('ENOENT');
    });

    it('refuse a registry with faults, all of them at once', async () => {
      await write(
        'appzoo/datasets.yaml',
        `${registry(download).replace('jsonl\n', 'jsonlines\n')}\n  licence: x\nother: 5\n`,
      );
      const error = (await rejection(start())) as ValidationError;
      expect(error.issues.map(({ path }) => path)).toEqual(['/toy/licence', '/toy/download/converter', '/other']);
    });
  });
});
