import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { keyScript } from './key-script.js';

type Ask = (path: string, init?: RequestInit) => Promise<{ status: number }>;

/** The script in as much of a browser as it uses, in front of a server that knows one key. */
function page(pathname: string, stored: Record<string, string> = {}) {
  const asked: { url: string; headers: Record<string, string> }[] = [];
  const field = { value: '', focus: () => {} };
  const form = {
    hidden: true,
    querySelector: () => field,
    onsubmit: (_event: { preventDefault(): void }): void => {},
  };
  const refused = { textContent: '' };
  const context = {
    document: {
      getElementById: (id: string) => (id === 'key' ? form : refused),
      querySelectorAll: () => [],
    },
    location: { pathname, origin: 'http://a' },
    URL,
    sessionStorage: {
      getItem: (name: string) => stored[name] ?? null,
      setItem: (name: string, value: string) => {
        stored[name] = value;
      },
      removeItem: (name: string) => {
        delete stored[name];
      },
    },
    fetch: async (url: URL, { headers }: { headers: Record<string, string> }) => {
      asked.push({ url: String(url), headers: { ...headers } });
      return { status: headers.authorization === 'Bearer right' ? 200 : 401 };
    },
  };
  const ask = runInNewContext(`${keyScript}\nask;`, context) as Ask;
  const enter = (key: string) => {
    field.value = key;
    form.onsubmit({ preventDefault: () => {} });
  };
  return { ask, asked, form, refused, stored, enter };
}

describe('ask', () => {
  it('asks for the key until the server knows it, and keeps it for the tab', async () => {
    const { ask, asked, form, refused, stored, enter } = page('/');
    const reply = ask('v1/apps', { headers: { 'x-other': '1' } });
    await expect.poll(() => form.hidden).toBe(false);
    expect(refused.textContent).toBe('');
    enter('wrong');
    await expect.poll(() => refused.textContent).not.toBe('');
    expect(stored).toEqual({});
    enter(' right ');
    expect((await reply).status).toBe(200);
    expect([form.hidden, stored]).toEqual([true, { 'zooid-key': 'right' }]);
    expect(asked.map(({ headers }) => headers)).toEqual([
      { 'x-other': '1' },
      { 'x-other': '1', authorization: 'Bearer wrong' },
      { 'x-other': '1', authorization: 'Bearer right' },
    ]);
    expect((await ask('openapi.json')).status).toBe(200);
    expect(asked.at(-1)?.headers).toEqual({ authorization: 'Bearer right' });
  });

  it.each(['/', '/nlp', '/nlp/', '/nlp/docs', '/nlp/docs/', '/docs'])(
    'finds the server from its page at %s',
    async (pathname) => {
      const { ask, asked } = page(pathname, { 'zooid-key': 'right' });
      await ask('v1/apps');
      expect(asked[0]?.url).toBe(`http://a${pathname.startsWith('/nlp') ? '/nlp' : ''}/v1/apps`);
    },
  );
});
