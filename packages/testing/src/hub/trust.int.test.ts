import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  HubAccessError,
  HubGatedError,
  HubListingError,
  HubNotFoundError,
  HubRateLimitError,
  HubUnavailableError,
} from '@zooid/hub';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { rejection } from '../contracts/plugin-contract.js';
import { HubFixture, model } from './hub-fixture.js';

let at: HubFixture;
let commit: string;

beforeEach(async () => {
  at = await HubFixture.start();
  commit = at.hub.repository('org/name').commit(model);
});
afterEach(() => at[Symbol.asyncDispose]());

const downloads = () => at.hub.seen(/^storage GET/);

describe('the token', () => {
  beforeEach(() => {
    at.hub.tokens.set('hf_secret', 'read');
    at.hub.repository('org/name').isPrivate = true;
  });

  it('goes to the Hub, and to no other host', async () => {
    await at.pull('org/name', {}, { token: 'hf_secret' });
    expect(downloads().length).toBeGreaterThan(0);
    for (const { headers, server } of at.hub.requests) {
      expect(headers.authorization).toBe(server === 'hub' ? 'Bearer hf_secret' : undefined);
    }
  });

  it('does not come back with a redirect that leads elsewhere and then home', async () => {
    at.hub.faults.add(
      { on: /^hub GET .*resolve/, status: 302, headers: { location: `${at.hub.storageUrl}/bounce` } },
      { on: /^storage GET \/bounce/, status: 302, headers: { location: `${at.hub.endpoint}/trap` } },
    );
    await rejection(at.pull('org/name', { include: ['config.json'] }, { token: 'hf_secret' }));
    expect(at.hub.seen(/\/trap/).map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('does not follow a listing to another host', async () => {
    at.hub.faults.add({
      on: /^hub GET .*\/tree\//,
      body: '[]',
      headers: { link: `<${at.hub.storageUrl}/more>; rel="next"` },
    });
    await rejection(at.pull('org/name', {}, { token: 'hf_secret' }));
    expect(at.hub.seen(/^storage GET \/more/).map(({ headers }) => headers.authorization)).toEqual([undefined]);
  });

  it('comes from its file, and is in no error', async () => {
    await writeFile(join(at.folder, 'token'), 'hf_secret\n');
    await at.pull('org/name');
    at.hub.tokens.delete('hf_secret');
    const error = (await rejection(at.pull('org/name'))) as Error;
    expect(error).toBeInstanceOf(HubAccessError);
    expect(error.message).toMatch(/does not accept the access token.*HF_TOKEN/);
    expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('hf_secret');
  });

  it('redirects to unencrypted or strange places are not followed', async () => {
    at.hub.faults.add({ on: /resolve/, status: 302, headers: { location: 'file:///etc/passwd' } });
    await expect(at.pull('org/name', {}, { token: 'hf_secret' })).rejects.toThrow(/not followed/);
    at.hub.faults.add({ on: /resolve/, status: 302, headers: { location: '/org/name/resolve/loop' }, times: 100 });
    await expect(at.pull('org/name', {}, { token: 'hf_secret' })).rejects.toThrow(/more than 10 times/);
  });
});

describe('refusals say what to do', () => {
  it('repository, revision and file are told apart', async () => {
    const what = async (work: Promise<unknown>) => {
      const error = await rejection(work);
      expect(error).toBeInstanceOf(HubNotFoundError);
      return [(error as HubNotFoundError).what, (error as Error).message];
    };
    expect(await what(at.pull('org/none'))).toEqual([
      'repository',
      `there is no repository 'org/none' on ${at.hub.endpoint}; check the name; when it is private, set HF_TOKEN to a token that may see it`,
    ]);
    expect(await what(at.pull('org/name@v9'))).toEqual([
      'revision',
      "'org/name' has no revision 'v9'; name a branch, a tag or a full commit id",
    ]);
    at.hub.faults.add({ on: /resolve/, status: 404, headers: { 'x-error-code': 'EntryNotFound' } });
    expect((await what(at.pull('org/name', { include: ['vocab.txt'] })))[1]).toMatch(
      /has no file 'vocab\.txt' at revision/,
    );
  });

  it('gated models name the page where conditions are accepted', async () => {
    at.hub.repository('org/name').isGated = true;
    at.hub.tokens.set('hf_me', 'read');
    for (const overrides of [{}, { token: 'hf_me' }]) {
      const error = await rejection(at.pull('org/name', {}, overrides));
      expect(error).toBeInstanceOf(HubGatedError);
      expect((error as HubGatedError).acceptUrl).toBe(`${at.hub.endpoint}/org/name`);
      expect((error as Error).message).toContain(`accept them at ${at.hub.endpoint}/org/name`);
    }
    at.hub.repository('org/name').accepted.add('hf_me');
    await at.pull('org/name', {}, { token: 'hf_me' });
  });

  it('waits as long as the Hub asks, and not for ever', async () => {
    at.hub.faults.add({ on: /revision/, status: 429, headers: { 'retry-after': '0.1' }, times: 2 });
    await at.pull('org/name');
    expect(at.events.filter(({ type }) => type === 'retry')).toMatchObject([{ waitMs: 100 }, { waitMs: 100 }]);

    at.hub.faults.add({ on: /revision/, status: 429, headers: { ratelimit: '"api";r=0;t=300' } });
    const error = await rejection(at.pull('org/name'));
    expect(error).toBeInstanceOf(HubRateLimitError);
    expect((error as Error).message).toMatch(/asks to wait 300 s more: try again later/);
  });

  it('tries again after 5xx and dropped connections, a few times', async () => {
    at.hub.faults.add({ on: /revision/, status: 502, times: 2 }, { on: /revision/, drop: true, times: 2 });
    await at.pull('org/name');
    at.hub.faults.add({ on: /revision/, status: 500, headers: { 'x-error-message': 'out of order' }, times: 9 });
    const error = await rejection(at.pull('org/name'));
    expect(error).toBeInstanceOf(HubUnavailableError);
    expect((error as Error).message).toBe('the Hub failed with status 500: out of order; try again later');
    expect(at.hub.seen(/revision/)).toHaveLength(5 + 5);
  });

  it('no network: names the host and the way out', async () => {
    const gone = await HubFixture.start();
    const { endpoint } = gone.hub;
    await gone[Symbol.asyncDispose]();
    const error = await rejection(at.pull('org/name', {}, { endpoint }));
    expect(error).toBeInstanceOf(HubUnavailableError);
    expect((error as Error).message).toMatch(/127\.0\.0\.1:\d+ cannot be reached \(ECONNREFUSED\).*HF_HUB_OFFLINE=1/);
  });

  it('an address that is no Hub is recognised', async () => {
    at.hub.faults.add({ on: /revision/, body: '<html>login</html>' });
    await expect(at.pull('org/name')).rejects.toThrow(/does not say which commit.*HF_ENDPOINT/);
    at.hub.faults.add({ on: /tree/, body: '{"a":1}' });
    await expect(at.pull('org/name')).rejects.toThrow(/listing of 'org\/name' cannot be read/);
  });

  it('what a server says cannot steer a terminal', async () => {
    at.hub.faults.add({ on: /revision/, status: 400, body: JSON.stringify({ error: '\u001b[31mred\n\u0007' }) });
    await expect(at.pull('org/name')).rejects.toThrow(/status 400: \[31mred$/);
  });
});

describe('a hostile listing', () => {
  const entry = (path: unknown, extra: object = {}) => ({ type: 'file', path, size: 1, oid: 'a'.repeat(40), ...extra });
  const list = (...entries: readonly unknown[]) => at.hub.faults.add({ on: /\/tree\//, body: JSON.stringify(entries) });

  it.each([
    '../evil.json',
    'a/../../evil.json',
    '/etc/evil.json',
    'C:\\evil.json',
    'a\\..\\evil.json',
    'a\u0000.json',
    'a//b.json',
    './config.json',
    'con.json',
    'sub/NUL',
    'trailing. ',
    '.git/hooks/post-checkout',
    `${'x'.repeat(256)}.json`,
    '\ud800.json',
    '',
    7,
  ])('that names %j is refused before anything is fetched', async (path) => {
    list(entry('config.json'), entry(path));
    const error = await rejection(at.pull('org/name'));
    expect(error).toBeInstanceOf(HubListingError);
    expect(at.hub.seen(/resolve/)).toEqual([]);
    expect(await readdir(at.folder)).toEqual([]);
  });

  it.each([
    [{ oid: '../../../evil' }, 'digest'],
    [{ oid: undefined }, 'digest'],
    [{ lfs: { oid: '/etc/passwd', size: 1 } }, 'digest'],
    [{ size: -1 }, 'size'],
    [{ size: '1' }, 'size'],
    [{ lfs: { oid: 'b'.repeat(64), size: 2 ** 60 } }, 'size'],
  ])('with %j is refused', async (extra, what) => {
    list(entry('config.json', extra));
    await expect(at.pull('org/name')).rejects.toThrow(new RegExp(`gives no ${what} for 'config\\.json'`));
  });

  it.each([
    [['vocab.txt', 'VOCAB.txt']],
    [['vocab.txt', 'vocab.txt']],
    [['caf\u00e9.txt', 'cafe\u0301.txt']],
    [['a.json', 'A.JSON/b.json']],
  ])('whose files %j are one on some systems is refused, unless one is left out', async (paths) => {
    list(...paths.map((path) => entry(path)));
    await expect(at.pull('org/name', { include: ['*'] })).rejects.toThrow(/one place on many systems.*--exclude/);
  });

  it('that never ends is left', async () => {
    const next = `<${at.hub.endpoint}/api/models/org/name/tree/${commit}?again>; rel="next"`;
    at.hub.faults.add({ on: /\/tree\//, body: '[]', headers: { link: next }, times: 2000 });
    await expect(at.pull('org/name')).rejects.toThrow(/listing does not end/);
  });
});
