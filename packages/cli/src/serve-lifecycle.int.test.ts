import { once } from 'node:events';
import { cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lines, plugin, type Running, Workplace } from './__fixtures__/workplace.js';

/** Each test starts the command, and other tests keep the machine busy. */
vi.setConfig({ testTimeout: 120_000 });

const modelzoo = fileURLToPath(new URL('../../../modelzoo', import.meta.url));
/** Other tests keep the machine busy. */
const patience = { timeout: 60_000 };
/** What a native abort of the process leaves on stderr. */
const crash = /terminate called|Napi::Error|Aborted|FATAL ERROR/;

let at: Workplace;
beforeAll(async () => {
  at = await Workplace.create();
  await cp(join(modelzoo, 'intent-zh-speaker'), at.path('speaker'), { recursive: true });
  await configure('load.yaml', real, 'endpoints: { speaker: ./speaker }');
});
afterAll(() => at.remove());

const configure = (name: string, ...content: readonly string[]) => writeFile(at.path(name), `${content.join('\n')}\n`);
const real = 'plugins: [store-local, backend-onnx, app-intent]';

async function serve(config: string, ...words: readonly string[]): Promise<{ child: Running; url: string }> {
  const child = at.start(['serve', '--json', '--port', '0', '--config', config, ...words]);
  await expect.poll(() => child.text.out, patience).toMatch(/"apps"[\s\S]*\n}\n/);
  return { child, url: (JSON.parse(child.text.out) as { url: string }).url };
}

const ended = async (child: Running) => (await once(child, 'close')) as [code: number | null, signal: string | null];
async function stop(child: Running): Promise<number | null> {
  const end = ended(child);
  child.kill('SIGTERM');
  return (await end)[0];
}
const post = async (url: string, body: object = { inputs: '想听歌' }) => {
  const headers = { 'content-type': 'application/json' };
  const reply = await fetch(url, { method: 'POST', headers, body: JSON.stringify(body) });
  // biome-ignore lint/suspicious/noExplicitAny: replies are compared as a whole
  return { status: reply.status, body: (await reply.json()) as any };
};
const logged = ({ text }: Running) => lines(text.err.replaceAll(/^[^{].*$/gm, ''));

describe('zooid serve', () => {
  it('serves versions and aliases of zooid.yaml, and switches aliases on SIGHUP', async () => {
    const served = [`plugins: [${plugin}]`, 'endpoints: { chat: [{ version: 1, model: tiny, default: true },'];
    served.push('  { version: 2, model: org/other, lazy: true }] }');
    await configure('versions.yaml', ...served, 'aliases: { assistant: chat@1 }');
    const { child, url } = await serve('versions.yaml');
    expect(JSON.parse(child.text.out)).toMatchObject({
      apps: [
        { name: 'chat@1', state: 'loaded' },
        { name: 'chat@2', state: 'unloaded' },
      ],
      aliases: { assistant: 'chat@1' },
    });
    const modelOf = async (name: string) => (await post(`${url}/v1/apps/${name}`)).body.model.id;
    expect([await modelOf('chat'), await modelOf('chat@2'), await modelOf('assistant')]).toEqual([
      'tiny',
      'org/other',
      'tiny',
    ]);
    await configure('versions.yaml', ...served, 'aliases: { assistant: chat@2 }');
    child.kill('SIGHUP');
    await expect.poll(() => modelOf('assistant'), patience).toBe('org/other');
    await configure('versions.yaml', ...served, 'aliases: { assistant: chat@3 }');
    child.kill('SIGHUP');
    await expect
      .poll(() => child.text.err, patience)
      .toMatch(/\/aliases\/assistant leads to 'chat@3'.*did you mean 'chat@1'/);
    expect(await modelOf('assistant')).toBe('org/other');
    expect(await stop(child)).toBe(0);
  });

  it('takes versions from the command line', async () => {
    await configure('plain.yaml', `plugins: [${plugin}]`, 'endpoints: { unused: nobody }', 'aliases: { x: unused }');
    const { child, url } = await serve('plain.yaml', '--model', 'a@1=tiny', '--model', 'a@2=org/other');
    expect((await post(`${url}/v1/apps/a@2`)).body.model.id).toBe('org/other');
    expect((await post(`${url}/v1/apps/a`)).body.model.id).toBe('tiny');
    expect(await stop(child)).toBe(0);
    await at.refused(
      ['serve', '--config', 'plain.yaml', '--model', 'a@1=tiny', '--model', 'a@1=tiny'],
      /two models would be served as 'a@1'/,
    );
  });

  it('goes on with what it has when a file is damaged, on SIGHUP and over HTTP, and refuses to start with it', async () => {
    await cp(at.path('speaker'), at.path('damaged'), { recursive: true });
    await configure('real.yaml', real, 'endpoints: { speaker: ./damaged }', 'server: { manage: true }');
    const { child, url } = await serve('real.yaml');
    const reload = async (expected: RegExp) => {
      child.kill('SIGHUP');
      await expect.poll(() => child.text.err, patience).toMatch(expected);
    };
    await reload(/'speaker' has not changed/);
    const graph = at.path('damaged/onnx/model.onnx');
    const intact = await readFile(graph);
    const damaged = Buffer.from(intact);
    damaged[damaged.length >> 1]! ^= 1;
    await writeFile(graph, damaged);
    await reload(/'speaker' was not reloaded; what served before still does/);
    const [failure] = logged(child).filter(({ level }) => level === 'error');
    const wayOut = /'onnx\/model\.onnx' should have SHA-256 .*; fetch or copy the model again, or restore the file/;
    expect(failure).toMatchObject({ endpoint: 'speaker', reason: expect.stringMatching(wayOut) });
    const refused = await post(`${url}/v2/repository/models/speaker/load`, {});
    expect([refused.status, refused.body.error]).toEqual([400, expect.stringMatching(wayOut)]);
    expect((await post(`${url}/v1/apps/speaker`)).status).toBe(200);
    await at.refused(['serve', '--port', '0', '--config', 'real.yaml'], wayOut);
    await configure('lazy.yaml', real, 'endpoints: { speaker: { model: ./damaged, lazy: true } }');
    await at.refused(['serve', '--port', '0', '--config', 'lazy.yaml'], wayOut);
    await writeFile(graph, intact);
    child.kill('SIGHUP');
    const unchanged = () => logged(child).filter(({ message }) => message === "'speaker' has not changed");
    await expect.poll(() => unchanged().length, patience).toBe(2);
    expect(await stop(child)).toBe(0);
  });

  it.each([0, 150, 400])(
    'ends with 0 when SIGTERM comes %i ms after the plugins, while a model loads',
    async (after) => {
      await configure('load.yaml', real, 'endpoints: { speaker: ./speaker }');
      const child = at.start(['serve', '--port', '0', '--config', 'load.yaml', '--verbose']);
      await expect.poll(() => child.text.err, patience).toMatch(/"plugin":"app-intent"/);
      await sleep(after);
      expect(await stop(child)).toBe(0);
      expect(child.text.err).not.toMatch(crash);
    },
  );

  it('ends by the second signal at once and without a crash, though workers are at work', async () => {
    const { child, url } = await serve('load.yaml');
    const inputs = Array.from({ length: 256 }, (_, i) => `第${i}首${'想听说不出的秘密'.repeat(12)}`);
    const asked = Promise.allSettled(Array.from({ length: 16 }, () => post(`${url}/v1/apps/speaker`, { inputs })));
    await sleep(300);
    const end = ended(child);
    child.kill('SIGTERM');
    await expect.poll(() => child.text.err, patience).toContain('SIGTERM: finishing what has begun');
    child.kill('SIGINT');
    expect(await end).toEqual([null, 'SIGINT']);
    expect(child.text.err).not.toMatch(crash);
    await asked;
  });

  it('ends in order when whoever reads its output leaves', async () => {
    const { child } = await serve('load.yaml');
    const end = ended(child);
    child.stderr?.destroy();
    const url = (JSON.parse(child.text.out) as { url: string }).url;
    const asked = Promise.allSettled(Array.from({ length: 8 }, () => post(`${url}/v1/apps/speaker`)));
    expect(await end).toEqual([0, null]);
    await asked;
  });
});

describe('zooid doctor', () => {
  const doctor = async (...content: readonly string[]) => {
    await configure('doctor.yaml', ...content);
    const { code, out } = await at.zooid(['doctor', '--json', '--config', 'doctor.yaml']);
    const checks = JSON.parse(out) as { name: string; ok: boolean; detail: string }[];
    const bad = checks.filter(({ ok }) => !ok).map(({ name, detail }) => `${name}: ${detail}`);
    return { code, checks: new Map(checks.map(({ name, detail }) => [name, detail])), bad };
  };

  it('loads what zooid.yaml says is served, and tells what each takes', async () => {
    const { code, checks, bad } = await doctor(
      real,
      'endpoints: { speaker: [{ version: 1, model: ./speaker, default: true }, { version: 2, model: ./speaker, lazy: false }] }',
      'aliases: { assistant: speaker@1 }',
      'memoryBudget: 4GiB',
      'server: { port: 0 }',
    );
    expect([code, bad]).toEqual([0, []]);
    expect(checks.get('endpoint speaker@1')).toMatch(
      /^app intent, model .*speaker, [\d.]+ MiB of memory, loads at its/,
    );
    expect(checks.get('endpoint speaker@2')).toMatch(/loads at start$/);
    expect(checks.get('aliases')).toBe('assistant → speaker@1');
    expect(checks.get('memory budget')).toMatch(/^4 GiB; the largest model needs/);
  });

  it('names everything that is wrong with the file itself', async () => {
    const { code, bad } = await doctor(real, 'endpoint: {}', 'memoryBudget: huge', 'server: { port: 0 }');
    expect([code, bad.length]).toEqual([1, 1]);
    expect(bad[0]).toMatch(/^configuration: .*\/endpoint is an unknown key; did you mean 'endpoints'\? \(line 2\)/);
    expect(bad[0]).toContain('/memoryBudget must be a size such as 512MiB');
    const aliases = await doctor(real, 'endpoints: { speaker: ./speaker }', 'aliases: { a: speker, b: b }');
    expect(aliases.bad[0]).toContain("/aliases/a leads to 'speker', which is not served; did you mean 'speaker'?");
    expect(aliases.bad[0]).toContain('/aliases/b leads back to itself: b → b');
  });

  it('tells of models that are missing or cannot be loaded, budgets that are too small, and ports in use', async () => {
    const { child, url } = await serve('load.yaml');
    const { bad } = await doctor(
      real,
      'settings: { backend-onnx: { variants: [int8] } }',
      'endpoints: { gone: ./nowhere, plain: ./speaker }',
      `server: { port: ${new URL(url).port} }`,
    );
    expect(await stop(child)).toBe(0);
    expect(bad).toEqual([
      expect.stringMatching(/^port: port \d+ is in use; choose another with --port/),
      expect.stringMatching(/^endpoint gone: model '.*nowhere' was not found/),
      expect.stringMatching(
        /^endpoint plain: no backend can serve .*speaker has no onnx\/model_quantized\.onnx; write one/,
      ),
    ]);
    const tight = await doctor(real, 'endpoints: { speaker: ./speaker }', 'memoryBudget: 1MiB', 'server: { port: 0 }');
    expect(tight.bad).toEqual([
      expect.stringMatching(
        /^memory budget: 1 MiB is less than 'speaker' alone needs \([\d.]+ MiB\); raise memoryBudget/,
      ),
    ]);
  });
});
