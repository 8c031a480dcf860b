import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const bin = fileURLToPath(new URL('../bin/zooid.js', import.meta.url));
const plugin = fileURLToPath(new URL('./__fixtures__/fake-plugin.mjs', import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-cli-'));
  await writeFile(join(folder, 'zooid.yaml'), `plugins: [${plugin}]\n`);
  await writeFile(join(folder, 'golden.json'), JSON.stringify([{ input: { text: "it's 歌" }, output: {} }]));
});
afterAll(() => rm(folder, { recursive: true }));

function start(
  words: readonly string[],
  env: NodeJS.ProcessEnv = {},
): ChildProcess & { text: { out: string; err: string } } {
  const child = spawn(process.execPath, [bin, ...words], { cwd: folder, env: { ...process.env, ...env } });
  const text = { out: '', err: '' };
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk;
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk;
  });
  return Object.assign(child, { text });
}

async function zooid(
  words: readonly string[],
  { input = '', env = {} }: { input?: string | Buffer; env?: NodeJS.ProcessEnv } = {},
) {
  const child = start(words, env);
  child.stdin?.on('error', () => {}).end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...child.text };
}

const write = (name: string, lines: readonly unknown[]) =>
  writeFile(
    join(folder, name),
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
const lines = (text: string) =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const readLines = async (name: string) => lines(await readFile(join(folder, name), 'utf8'));

/** A usage error: status 2, one line on stderr, nothing on stdout. */
async function refused(
  words: readonly string[],
  message: string | RegExp,
  options: { input?: string; env?: NodeJS.ProcessEnv } = {},
) {
  const { code, out, err } = await zooid(words, options);
  expect({ code, out }).toEqual({ code: 2, out: '' });
  expect(err.trimEnd().split('\n')).toHaveLength(1);
  expect(err).toMatch(message);
}

describe('zooid', () => {
  it('prints help, and its version', async () => {
    const { code, out } = await zooid([]);
    expect(code).toBe(0);
    for (const command of ['train', 'evaluate', 'predict', 'run', 'serve', 'doctor', 'pull'])
      expect(out).toContain(command);
    expect((await zooid(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await zooid(['predict', '--help'])).out).toContain('--resume');
  });

  it('answers misuse with status 2 and one line that helps', async () => {
    await refused(['aps'], /unknown command 'aps' \(Did you mean apps\?\)/);
    await refused(['apps', '--jsn'], /unknown option '--jsn' \(Did you mean --json\?\)/);
    await refused(['train'], /missing required argument 'recipe'/);
    await refused(['evaluate', 'tiny'], /--data/);
    await refused(['predict', 'tiny', '--batch', '0'], /positive whole number/);
    await refused(['serve', '--port', '70000'], /--port must be a port/);
    await refused(['serve'], /PORT must be a port/, { env: { PORT: 'http' } });
  });

  it.each(['pull', 'push', 'export', 'bench', 'new', 'cache'])(
    'says which kind of plugin %s needs',
    async (command) => {
      await refused([command, 'x', '--whatever', 'y'], /needs a .*plugin.* and no loaded plugin provides it/);
    },
  );

  it('refuses plugins and configurations that cannot be used', async () => {
    await refused(['apps', '--plugin', './nowhere.mjs'], /nowhere\.mjs' was not found/);
    await refused(['apps', '--plugin', plugin], /plugin 'fake' is loaded twice/);
    await writeFile(join(folder, 'bad.yaml'), 'plugns: []\n');
    await refused(['apps', '--config', 'bad.yaml'], /plugns is an unknown key; did you mean 'plugins'\? \(line 1\)/);
    await refused(['apps', '--config', 'missing.yaml'], /missing\.yaml: there is no such file/);
  });

  it('loads a plugin by path, in addition to those of the configuration', async () => {
    const source = `export default { name: 'third', contract: 1, provides: [], register() {} };`;
    await writeFile(join(folder, 'third.mjs'), source);
    const { out } = await zooid(['plugins', '--json', '--plugin', './third.mjs']);
    expect((JSON.parse(out) as { name: string }[]).map(({ name }) => name)).toEqual(['fake', 'third']);
  });
});

describe('zooid apps, methods, backends, models, plugins', () => {
  it('list as JSON with stable fields', async () => {
    const json = async (kind: string) => JSON.parse((await zooid([kind, '--json'])).out) as unknown;
    expect(await json('apps')).toEqual([
      { name: 'echo', task: 'text-classification', description: 'Calls a text long or short' },
    ]);
    expect(await json('methods')).toEqual([{ name: 'fine-tune', description: 'Counts to a number' }]);
    expect(await json('backends')).toEqual([{ name: 'fake' }]);
    expect(await json('models')).toMatchObject([
      { id: 'tiny', app: 'echo', license: 'MIT', sizeBytes: 1000 },
      { id: 'org/other' },
    ]);
    expect(await json('plugins')).toMatchObject([{ name: 'fake', requires: [] }]);
  });

  it('list as a table without escape sequences when piped', async () => {
    const { out } = await zooid(['models']);
    expect(out).toMatch(/^id +app +store +license +size/);
    expect(out).toContain('2.5 MB');
    expect(out).not.toContain('\x1b');
  });
});

describe('zooid run', () => {
  it('shows the answer for people, and as JSON', async () => {
    const { code, out } = await zooid(['run', 'tiny', '唱歌吧']);
    expect(code).toBe(0);
    expect(out).toBe(
      [
        'intent short',
        '  short  ███████████████░░░░░  0.7500',
        '  long   █████░░░░░░░░░░░░░░░  0.2500',
        'slots',
        'type  text  start  end',
        'song  歌    1      2',
        '',
      ].join('\n'),
    );
    expect(JSON.parse((await zooid(['run', 'tiny', 'hello there', '--json'])).out)).toMatchObject({ intent: 'long' });
  });

  it('refuses unknown models, bad texts and bad parameters', async () => {
    await refused(['run', 'nobody', 'x'], /model 'nobody' was not found \(searched: fake\)/);
    await refused(['run', 'tiny', ''], /text/);
    await refused(['run', 'tiny', 'x', '--parameters', '{'], /--parameters must be a JSON object/);
    await refused(
      ['run', 'tiny', 'x', '--parameters', '{"dela":1}'],
      /\/parameters\/dela is an unknown key; did you mean 'delayMs'/,
    );
  });

  it('reports a failure of the app with status 1', async () => {
    const { code, err } = await zooid(['run', 'tiny', 'crash']);
    expect({ code, err }).toEqual({ code: 1, err: 'zooid: the app broke\n' });
    expect((await zooid(['run', 'tiny', 'crash', '--verbose'])).err).toMatch(/\n +at /);
  });
});

describe('zooid predict', () => {
  const mixed = [
    { text: 'hi', id: 1 },
    '{broken',
    '',
    { text: 'a longer text', label: 'x' },
    { text: 5 },
    'null',
    '"bare"',
    { text: 'odd' },
    { text: 'last' },
  ];

  it('is a filter: standard input to standard output, fields kept, order kept', async () => {
    const input = Array.from({ length: 300 }, (_, i) => JSON.stringify({ id: i, text: 'x'.repeat((i % 9) + 1) })).join(
      '\n',
    );
    const { code, out, err } = await zooid(['predict', 'tiny'], { input });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const rows = lines(out);
    expect(rows.map(({ id }) => id)).toEqual(Array.from({ length: 300 }, (_, i) => i));
    expect(rows.map(({ prediction }) => (prediction as { intent: string }).intent)).toEqual(
      Array.from({ length: 300 }, (_, i) => ((i % 9) + 1 > 5 ? 'long' : 'short')),
    );
  });

  it('sets bad lines aside with line and field, and goes on', async () => {
    await write('mixed.jsonl', mixed);
    const { code, err } = await zooid(['predict', 'tiny', '--input', 'mixed.jsonl', '--output', 'mixed.out']);
    expect({ code, err }).toEqual({ code: 0, err: '4 lines answered, 4 set aside in mixed.out.errors.jsonl\n' });
    expect((await readLines('mixed.out')).map(({ text }) => text)).toEqual(['hi', 'a longer text', 'bare', 'last']);
    expect(await readLines('mixed.out.errors.jsonl')).toEqual([
      { file: 'mixed.jsonl', line: 2, message: 'is not valid JSON' },
      { file: 'mixed.jsonl', line: 5, field: 'text', message: 'must be a string, got 5' },
      { file: 'mixed.jsonl', line: 6, message: 'must be an object, got null' },
      { file: 'mixed.jsonl', line: 8, field: 'text', message: 'is odd' },
    ]);
  });

  it('names bad lines on stderr when it writes to a pipe', async () => {
    const { out, err } = await zooid(['predict', 'tiny'], {
      input: Buffer.from('{"text":"ok"}\n{"text":"\xff"}\n', 'latin1'),
    });
    expect(lines(out)).toHaveLength(1);
    expect(err).toContain('{"file":"-","line":2,"message":"is not valid UTF-8"}');
  });

  it.each([2, 64])(
    'goes on with --resume after a kill at any byte, with the same result (batches of %i)',
    async (batch) => {
      const words = ['predict', 'tiny', '--input', 'mixed.jsonl', '--output', 'resumed.out', '--batch', String(batch)];
      await write('mixed.jsonl', mixed);
      await zooid(words);
      const names = ['resumed.out', 'resumed.out.errors.jsonl'].map((name) => join(folder, name));
      const [whole = '', refusals = ''] = await Promise.all(names.map((name) => readFile(name, 'utf8')));
      // Refusals of a batch are written before its answers, so these are states a kill can leave.
      for (const [keep, refused] of [
        [0, 0],
        [whole.indexOf('\n') + 10, refusals.indexOf('\n') + 1],
        [whole.length - 5, refusals.length],
        [0, refusals.length],
        [whole.length, refusals.length],
      ] as const) {
        await writeFile(names[0]!, whole.slice(0, keep));
        await writeFile(names[1]!, refusals.slice(0, refused));
        expect((await zooid([...words, '--resume'])).code).toBe(0);
        expect(await Promise.all(names.map((name) => readFile(name, 'utf8')))).toEqual([whole, refusals]);
      }
    },
  );

  it('starts afresh without --resume, and leaves no side file when no line was refused', async () => {
    await write('clean.jsonl', [{ text: 'one' }]);
    await write('clean.out.errors.jsonl', ['{"line":9}']);
    await zooid(['predict', 'tiny', '--input', 'clean.jsonl', '--output', 'clean.out']);
    expect(await readLines('clean.out')).toHaveLength(1);
    expect(existsSync(join(folder, 'clean.out.errors.jsonl'))).toBe(false);
  });

  it('refuses files that cannot work', async () => {
    await refused(['predict', 'tiny', '--input', 'none.jsonl'], /none\.jsonl: there is no such file/);
    await refused(['predict', 'tiny', '--input', 'mixed.jsonl', '--output', './mixed.jsonl'], /the same file/);
    await refused(['predict', 'tiny', '--resume'], /--resume needs --output FILE/);
    await refused(['predict', 'tiny', '--input', 'mixed.jsonl', '--output', 'no/such/dir.jsonl'], /cannot write/);
    await refused(
      ['predict', 'tiny', '--input', 'mixed.jsonl', '--parameters', '{"delayMs":-1}'],
      /\/parameters\/delayMs/,
    );
  });

  it('ends quietly when its reader has seen enough', async () => {
    const input = Array.from({ length: 5000 }, () => JSON.stringify({ text: 'x' })).join('\n');
    const child = start(['predict', 'tiny', '--batch', '1']);
    child.stdin?.on('error', () => {}).end(input);
    child.stdout?.once('data', () => child.stdout?.destroy());
    const [code] = (await once(child, 'close')) as [number];
    expect({ code, err: child.text.err }).toEqual({ code: 0, err: '' });
  });
});

describe('zooid evaluate', () => {
  it('prints model, examples and metrics, and writes a report', async () => {
    await write('gold.jsonl', [
      { text: 'hi', label: 'short' },
      { text: 'hello there', label: 'long' },
      { text: 'yo', label: 'long' },
      { text: '<b>', label: 'short' },
    ]);
    const { code, out } = await zooid(['evaluate', 'tiny', '--data', 'gold.jsonl', '--json', '--report', 'report']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      model: 'tiny',
      revision: 'tiny-1',
      data: 'gold.jsonl',
      examples: 4,
      metrics: { accuracy: 0.75 },
    });
    expect(await readLines('report/predictions.jsonl')).toHaveLength(4);
    expect(JSON.parse(await readFile(join(folder, 'report/evaluation.json'), 'utf8'))).toMatchObject({ examples: 4 });
    const page = await readFile(join(folder, 'report/index.html'), 'utf8');
    expect(page).toContain('0.7500');
    expect(page).not.toContain('<b>"');
    expect((await zooid(['evaluate', 'tiny', '--data', 'gold.jsonl'])).out).toMatch(/accuracy +0\.7500/);
  });

  it('stops at the first bad example, naming file, line and field', async () => {
    await write('gold-bad.jsonl', [{ text: 'hi', label: 'short' }, '', { text: 'no label' }]);
    await refused(['evaluate', 'tiny', '--data', 'gold-bad.jsonl'], /gold-bad\.jsonl:3: \/label is required/);
    await write('gold-bad.jsonl', [{ text: 'hi', label: 'short' }, '{oops']);
    await refused(['evaluate', 'tiny', '--data', 'gold-bad.jsonl'], /gold-bad\.jsonl:2: is not valid JSON/);
    await refused(['evaluate', 'tiny', '--data', 'nowhere.jsonl'], /there is no such file/);
    await refused(['evaluate', 'tiny', '--data', 'nodata:test'], /unknown dataset 'nodata'/);
    await write('empty.jsonl', []);
    await refused(['evaluate', 'tiny', '--data', 'empty.jsonl'], /no (examples|records)/);
  });
});

describe('zooid train', () => {
  beforeAll(async () => {
    await write('train.jsonl', [{ text: 'hi', label: 'short' }]);
    await writeFile(join(folder, 'recipe.yaml'), 'app: echo\ndata: { train: train.jsonl }\ntrain: { steps: 4 }\n');
  });

  it('prints one JSON event a line when piped, the last being done', async () => {
    const { code, out, err } = await zooid(['train', 'recipe.yaml', '--set', 'train.steps=3', '--output', 'out-a']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const events = lines(out);
    expect(events.map(({ type }) => type)).toEqual(['stage', 'stage', 'step', 'step', 'step', 'evaluation', 'done']);
    expect(events.at(-1)).toMatchObject({
      output: join(folder, 'out-a'),
      metrics: { accuracy: 1 },
      seconds: expect.any(Number),
    });
  });

  it('refuses wrong recipes, overrides and used folders before it starts', async () => {
    await refused(
      ['train', 'recipe.yaml', '--set', 'trian.steps=1', '--output', 'out-b'],
      /trian is an unknown key; did you mean 'train'/,
    );
    await refused(['train', 'recipe.yaml', '--set', 'train.steps=5000', '--output', 'out-b'], /\/train\/steps/);
    await refused(['train', 'recipe.yaml', '--output', 'out-a'], /out-a holds a run already/);
    await refused(['train', 'none.yaml'], /none\.yaml: there is no such file/);
    await write('train-bad.jsonl', [{ text: 'hi' }, '{oops']);
    await refused(
      ['train', 'recipe.yaml', '--set', 'data.train=train-bad.jsonl', '--output', 'out-b'],
      /train-bad\.jsonl:2: is not valid JSON/,
    );
    expect(existsSync(join(folder, 'out-b'))).toBe(false);
  });

  it('stops on Ctrl-C with a checkpoint and says how to go on; that command goes on', async () => {
    const words = ['train', 'recipe.yaml', '--set', 'train.steps=30', '--set', 'train.stepMs=50', '--output', 'out-c'];
    const child = start(words);
    await expect.poll(() => child.text.out, { timeout: 10_000 }).toContain('"step":2');
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(130);
    expect(child.text.err).toContain('stopped; checkpoint in');
    const command = /Go on with: zooid (.*)/.exec(child.text.err)?.[1]?.split(' ') ?? [];
    expect(command).toEqual([...words, '--resume']);
    const done = lines(child.text.out).filter(({ type }) => type === 'step').length;
    const events = lines((await zooid(command)).out).filter(({ type }) => type === 'step');
    expect(events.map(({ step }) => step)).toEqual(Array.from({ length: 30 - done }, (_, i) => done + i + 1));
  });

  it('ends at once on the second Ctrl-C', async () => {
    const child = start([
      'train',
      'recipe.yaml',
      '--set',
      'train.steps=2',
      '--set',
      'train.stepMs=20000',
      '--output',
      'out-d',
    ]);
    await expect.poll(() => child.text.out, { timeout: 10_000 }).toContain('2 steps');
    child.kill('SIGINT');
    await expect.poll(() => child.text.err).toContain('again to stop at once');
    child.kill('SIGINT');
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGINT' });
  });
});

describe('zooid serve', () => {
  const listening = async (words: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const child = start(['serve', ...words], env);
    await expect.poll(() => child.text.out, { timeout: 10_000 }).toMatch(/The API|"apps"/);
    return child;
  };
  const stop = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM') => {
    child.kill(signal);
    return ((await once(child, 'close')) as [number | null])[0];
  };

  it('says where it listens and prints a curl line that works as printed', async () => {
    const child = await listening(['--port', '0', '--model', 'speaker=tiny']);
    const command = /^curl .*$/m.exec(child.text.out)?.[0] ?? '';
    expect(command).toContain('/v1/apps/speaker');
    const curl = spawn('sh', ['-c', command]);
    let answer = '';
    curl.stdout.on('data', (chunk: Buffer) => {
      answer += String(chunk);
    });
    await once(curl, 'close');
    expect(JSON.parse(answer)).toMatchObject({ outputs: [{ slots: [{ text: '歌' }] }], model: { id: 'tiny' } });
    expect(await stop(child)).toBe(0);
  });

  it('serves every model there is when none is named, and drains on SIGTERM', async () => {
    const child = await listening(['--json'], { PORT: '0' });
    const { url, apps } = JSON.parse(child.text.out) as { url: string; apps: { name: string }[] };
    expect(apps.map(({ name }) => name)).toEqual(['tiny', 'other']);
    const slow = fetch(`${url}/v1/apps/tiny`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs: 'a', parameters: { delayMs: 300 } }),
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    const stopped = stop(child);
    expect((await slow).status).toBe(200);
    expect(await stopped).toBe(0);
  });

  it('reads endpoints and the server section from zooid.yaml', async () => {
    const config = `plugins: [${plugin}]\nendpoints: { chat: tiny }\nserver: { port: 0, bodyLimitBytes: 2048 }\n`;
    await writeFile(join(folder, 'serve.yaml'), config);
    const child = await listening(['--json', '--config', 'serve.yaml']);
    const { url, apps } = JSON.parse(child.text.out) as { url: string; apps: { name: string }[] };
    expect(apps.map(({ name }) => name)).toEqual(['chat']);
    const reply = await fetch(`${url}/v1/apps/chat`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ inputs: 'x'.repeat(3000) }),
    });
    expect(reply.status).toBe(413);
    expect(await stop(child, 'SIGINT')).toBe(0);
  });

  it('refuses what it cannot serve', async () => {
    await refused(['serve', '--model', 'a=nobody', '--port', '0'], /model 'nobody' was not found/);
    await refused(['serve', '--model', 'a=tiny', '--model', 'a=org/other'], /two models would be served as 'a'/);
    await writeFile(join(folder, 'serve-bad.yaml'), `plugins: [${plugin}]\nserver: { prot: 1 }\n`);
    await refused(['serve', '--config', 'serve-bad.yaml'], /\/prot is an unknown key; did you mean 'port'/);
    const child = await listening(['--port', '0', '--model', 'a=tiny', '--json']);
    const port = new URL((JSON.parse(child.text.out) as { url: string }).url).port;
    await refused(['serve', '--port', port, '--model', 'a=tiny'], /is in use; choose another with --port/);
    await stop(child);
  });
});

describe('zooid doctor and env', () => {
  it('report checks and settings', async () => {
    const env = { ZOOID_CACHE: join(folder, 'cache'), ZOOID_DATA: join(folder, 'data') };
    const { code, out } = await zooid(['doctor', '--json'], { env });
    expect(code).toBe(0);
    const checks = JSON.parse(out) as { name: string; ok: boolean }[];
    expect(checks.every(({ ok }) => ok)).toBe(true);
    expect(checks.map(({ name }) => name)).toContain('model tiny');
    expect(JSON.parse((await zooid(['env', '--json'], { env })).out)).toMatchObject({
      cache: env.ZOOID_CACHE,
      data: expect.arrayContaining([env.ZOOID_DATA]),
      config: join(folder, 'zooid.yaml'),
    });
  });

  it('fail with status 1 when something is broken, and still say what works', async () => {
    const { code, out, err } = await zooid(['doctor', '--plugin', './nowhere.mjs']);
    expect(code).toBe(1);
    expect(out).toMatch(/FAILED +plugins/);
    expect(err).toBe('zooid: failed: plugins\n');
  });
});
