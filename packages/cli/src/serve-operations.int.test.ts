import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lines, plugin, Workplace } from './__fixtures__/workplace.js';

/** Each test starts the command, and other tests keep the machine busy. */
vi.setConfig({ testTimeout: 120_000 });

const key = 'a-key-that-nobody-guesses';
let at: Workplace;

beforeAll(async () => {
  at = await Workplace.create();
});
afterAll(() => at.remove());

async function serve(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const child = at.start(['serve', '--port', '0', '--model', 'tiny', '--json', ...words], env);
  await expect.poll(() => child.text.out, { timeout: 30_000 }).toMatch(/"apps"/);
  const stop = async () => {
    child.kill('SIGTERM');
    return ((await once(child, 'close')) as [number | null])[0];
  };
  return { child, url: (JSON.parse(child.text.out) as { url: string }).url, stop };
}

const ask = (url: string, headers: Record<string, string> = {}, inputs = 'a') =>
  fetch(`${url}/v1/apps/tiny`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ inputs, parameters: { delayMs: 20 } }),
  });

describe('zooid serve', () => {
  it('loses no accepted request when SIGTERM comes under load', async () => {
    const { child, url, stop } = await serve([]);
    const received = new Map<string, number>();
    let stopping = false;
    let sent = 0;
    const client = async () => {
      for (;;) {
        const id = `r${sent++}`;
        try {
          const reply = await ask(url, { 'x-request-id': id });
          await reply.text();
          received.set(id, reply.status);
        } catch {
          // No answer: fine only when the server never took the request, which its log shows.
          if (stopping) return;
          throw new Error(`${id} failed before the server was asked to stop`);
        }
      }
    };
    const clients = Promise.all(Array.from({ length: 24 }, client));
    await expect.poll(() => received.size, { timeout: 30_000 }).toBeGreaterThan(100);
    stopping = true;
    const [code] = await Promise.all([stop(), clients]);
    expect(code).toBe(0);
    const accepted = lines(
      child.text.err
        .split('\n')
        .filter((line) => line.startsWith('{'))
        .join('\n'),
    ).filter(({ message, requestId }) => message === 'request' && requestId !== undefined);
    expect(accepted.length).toBeGreaterThan(100);
    const lost = accepted.filter(({ requestId, status }) => received.get(requestId as string) !== status);
    expect(lost).toEqual([]);
    expect(
      [...new Set(accepted.map(({ status }) => status))].filter((status) => status !== 200 && status !== 503),
    ).toEqual([]);
  });

  it('refuses to bind publicly without keys, saying why and what to do', async () => {
    const refusal = /refusing to bind 0\.0\.0\.0, .* without API keys: .*--api-keys FILE.*127\.0\.0\.1.*--insecure/;
    await at.refused(['serve', '--host', '0.0.0.0', '--port', '0', '--model', 'tiny'], refusal);
    const { stop } = await serve(['--host', '0.0.0.0', '--insecure']);
    expect(await stop()).toBe(0);
  });

  it('takes keys from a file and from the environment, and logs neither them nor texts', async () => {
    await writeFile(at.path('keys'), `# ours\nmobile=${key}\n`);
    const { child, url, stop } = await serve(['--host', '0.0.0.0', '--api-keys', 'keys'], {
      ZOOID_API_KEYS: 'env-key-that-nobody-guesses',
    });
    const local = url.replace('0.0.0.0', '127.0.0.1');
    expect((await ask(local)).status).toBe(401);
    expect((await ask(local, { authorization: `Bearer ${key}` }, 'geheimnis')).status).toBe(200);
    expect((await ask(local, { 'x-api-key': 'env-key-that-nobody-guesses' })).status).toBe(200);
    expect(await stop()).toBe(0);
    expect(child.text.err).toContain('"key":"mobile"');
    expect(child.text.err).not.toMatch(/nobody-guesses|geheimnis/);
  });

  it('takes limits from the command line', async () => {
    const words = ['--rate-limit', '1', '--deadline', '10', '--cors-origin', 'https://a.example', '--no-access-log'];
    const { child, url, stop } = await serve(words);
    const first = await ask(url, { origin: 'https://a.example' });
    expect([first.status, first.headers.get('access-control-allow-origin')]).toEqual([504, 'https://a.example']);
    expect((await ask(url)).status).toBe(429);
    expect(await stop()).toBe(0);
    expect(child.text.err).not.toContain('"message":"request"');
  });

  it('refuses keys it cannot use, without quoting them', async () => {
    await writeFile(at.path('short'), 'mobile=tooshort\n');
    const words = (file: string) => ['serve', '--port', '0', '--model', 'tiny', '--api-keys', file];
    await at.refused(words('short'), /short, entry 1: a key has 16 to 512 characters.*openssl rand -hex 32/);
    await at.refused(words('nowhere'), /nowhere cannot be read \(ENOENT\)/);
    const { err } = await at.zooid(words('short'));
    expect(err).not.toContain('tooshort');
  });

  it('waits unready before it stops to answer', async () => {
    await writeFile(at.path('delay.yaml'), `plugins: [${plugin}]\nserver: { unreadyDelayMs: 1500 }\n`);
    const { url, stop } = await serve(['--config', 'delay.yaml']);
    const stopped = stop();
    await expect.poll(async () => (await fetch(`${url}/readyz`)).status, { timeout: 1400 }).toBe(503);
    expect((await ask(url)).status).toBe(200);
    expect(await stopped).toBe(0);
  });
});

describe('zooid doctor', () => {
  const doctor = async (section: string) => {
    await writeFile(at.path('doctor.yaml'), `plugins: [${plugin}]\nserver: ${section}\n`);
    const { code, out } = await at.zooid(['doctor', '--json', '--config', 'doctor.yaml']);
    const checks = JSON.parse(out) as { name: string; ok: boolean; detail: string }[];
    return { code, server: checks.find(({ name }) => name === 'server') };
  };

  it('explains the server section, right and wrong', async () => {
    expect(await doctor('{ port: 8080, rateLimit: { perAddress: 60 } }')).toEqual({
      code: 0,
      server: {
        name: 'server',
        ok: true,
        detail: '127.0.0.1:8080, no API keys, 60 requests a minute by address, CORS off',
      },
    });
    const wrong = await doctor('{ host: 0.0.0.0 }');
    expect([wrong.code, wrong.server?.ok, wrong.server?.detail]).toEqual([
      1,
      false,
      expect.stringContaining('refusing to bind 0.0.0.0'),
    ]);
    const typo = await doctor('{ keys: [{ name: a, hash: plain }], rateLimits: {} }');
    expect(typo.server?.detail).toMatch(/\/rateLimits is an unknown key; did you mean 'rateLimit'/);
    expect(typo.server?.detail).toMatch(/\/keys\/0\/hash must be sha256:/);
  });
});
