import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readModelFolder } from '@zooid/hub';
import { describeAppContract, describeBackendContract, memoryStore } from '@zooid/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countGrams } from './grams.js';
import plugin from './index.js';
import { makeModel } from './make-model.js';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = join(here, '../..');
const folder = join(here, 'model');
const zooid = join(root, 'packages/cli/bin/zooid.js');
const execute = promisify(execFile);

const { config, manifest, revision } = await readModelFolder(folder, { verify: true });
const artifacts = { id: 'profile', revision, folder, config, manifest: { ...manifest } };
const foreign = { id: 'foreign', revision: 'r1', folder: '/nowhere', config: { model_type: 'bert' } };
const { grams, languages } = config as { grams: string[]; languages: string[] };
const weights = JSON.parse(await readFile(join(folder, 'weights.json'), 'utf8')) as number[][];

let scratch: string;
beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'zooid-example-'));
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

describeAppContract(plugin, {
  with: [memoryStore([artifacts, foreign]).plugin],
  model: 'profile',
  foreignModel: 'foreign',
  valid: { inputs: ['Guten Tag', { text: '你好' }, 'Buongiorno a tutti'], parameters: { topK: 2 } },
  invalid: [{ inputs: 'x', parameters: { topK: 0 }, pointer: '/parameters/topK' }],
  records: [
    { text: 'Wo ist die Katze?', label: 'de' },
    { text: 'Where is the cat?', label: 'en' },
  ],
});

describe('a profile', () => {
  const data = countGrams(['e'], new Map(grams.map((gram, i) => [gram, i])));
  const counts = { dtype: 'float32', dims: [1, grams.length], data } as const;

  // One letter between word borders has four grams: _e, e, e_ and _e_; the model knows some of them.
  const rows = ['_e', 'e', 'e_', '_e_'].flatMap((gram) =>
    grams.includes(gram) ? [weights[grams.indexOf(gram)]!] : [],
  );
  const sums = languages.map((_, i) => rows.reduce((sum, row) => sum + row[i]!, 0));

  describeBackendContract(plugin, {
    artifacts: () => artifacts,
    damaged: async () => {
      await cp(folder, join(scratch, 'cut'), { recursive: true });
      await truncate(join(scratch, 'cut/weights.json'), 100);
      return { ...artifacts, folder: join(scratch, 'cut') };
    },
    inputs: { counts },
    expected: { logits: { dtype: 'float32', dims: [1, languages.length], data: Float32Array.from(sums) } },
    invalid: [
      { why: 'an unknown input', inputs: { counts, x: counts }, says: "no input 'x'" },
      { why: 'a missing input', inputs: {}, says: "input 'counts' must be float32" },
      { why: 'another width', inputs: { counts: { ...counts, dims: [grams.length, 1] } }, says: 'of shape [texts,' },
    ],
  });

  it('is what make-model writes from the samples', async () => {
    await makeModel(join(here, 'samples.jsonl'), join(scratch, 'made'));
    expect((await readModelFolder(join(scratch, 'made'), { verify: true })).revision).toBe(revision);
  });
});

describe('the built plugin, of which no package of ours knows', () => {
  it('is loaded by path: prints what the README says', async () => {
    const { stdout } = await execute(process.execPath, [join(here, 'dist/main.js')]);
    expect(await readFile(join(here, 'README.md'), 'utf8')).toContain(`\`\`\`text\n${stdout}\`\`\``);
  });

  it.each([
    ['path', here],
    ['package name', '@zooid-examples/app-language'],
  ])('answers and scores on the command line, loaded by %s', async (_, reference) => {
    const run = (...words: string[]) =>
      execute(process.execPath, [zooid, '--plugin', reference, '--json', ...words], { cwd: root });
    const answer = JSON.parse((await run('run', folder, 'Where is the nearest pharmacy?')).stdout);
    expect(answer.language).toBe('en');
    const { examples, metrics } = JSON.parse(
      (await run('evaluate', folder, '--data', join(here, 'test.jsonl'))).stdout,
    );
    expect(examples).toBe(24);
    expect(metrics.accuracy).toBeCloseTo(21 / 24);
  });

  it('is served over HTTP beside other apps', async () => {
    const words = ['--plugin', '@zooid-examples/app-language', '--json', 'serve', '--port', '0'];
    const server = spawn(process.execPath, [zooid, ...words, '--model', `language=${folder}`], { cwd: root });
    const exited = once(server, 'exit');
    try {
      const url = await new Promise<string>((resolve, reject) => {
        let output = '';
        server.stdout.on('data', (chunk) => {
          output += chunk;
          if (output.endsWith('\n}\n')) resolve((JSON.parse(output) as { url: string }).url);
        });
        exited.then(([code]) => reject(new Error(`the server ended with ${code}`)), reject);
      });
      const post = (body: object) =>
        fetch(`${url}/v1/apps/language`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        });
      const answer = (await (await post({ inputs: ['Sprichst du Deutsch?', '你好'] })).json()) as {
        outputs: { language: string }[];
      };
      expect(answer.outputs.map(({ language }) => language)).toEqual(['de', 'zh']);
      expect((await post({ inputs: 'x', parameters: { topk: 1 } })).status).toBe(422);
      const document = (await (await fetch(`${url}/openapi.json`)).json()) as { paths: object };
      expect(Object.keys(document.paths)).toContain('/v1/apps/language');
    } finally {
      server.kill('SIGTERM');
      expect(await exited).toEqual([0, null]);
    }
  });
});
