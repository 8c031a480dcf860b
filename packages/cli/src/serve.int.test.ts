import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { plugin, Workplace } from './__fixtures__/workplace.js';

/** Each test starts the command several times, and other tests keep the machine busy. */
vi.setConfig({ testTimeout: 120_000 });

let at: Workplace;

beforeAll(async () => {
  at = await Workplace.create();
  await writeFile(at.path('golden.json'), JSON.stringify([{ input: { text: "it's 歌" }, output: {} }]));
});
afterAll(() => at.remove());

describe('zooid serve', () => {
  const listening = async (words: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const child = at.start(['serve', ...words], env);
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
    await writeFile(at.path('serve.yaml'), config);
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
    await at.refused(['serve', '--model', 'a=nobody', '--port', '0'], /model 'nobody' was not found/);
    await at.refused(['serve', '--model', 'a=tiny', '--model', 'a=org/other'], /two models would be served as 'a'/);
    await writeFile(at.path('serve-bad.yaml'), `plugins: [${plugin}]\nserver: { prot: 1 }\n`);
    await at.refused(['serve', '--config', 'serve-bad.yaml'], /\/prot is an unknown key; did you mean 'port'/);
    const child = await listening(['--port', '0', '--model', 'a=tiny', '--json']);
    const port = new URL((JSON.parse(child.text.out) as { url: string }).url).port;
    await at.refused(['serve', '--port', port, '--model', 'a=tiny'], /is in use; choose another with --port/);
    await stop(child);
  });
});
