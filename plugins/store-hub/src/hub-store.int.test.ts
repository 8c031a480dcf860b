import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@zooid/common';
import { HubIntegrityError, type ManifestFields, sha256, writeModelFolder } from '@zooid/hub';
import { createKernel } from '@zooid/kernel';
import { type ModelSummary, validateDto } from '@zooid/spec';
import { FakeHub, fakeArtifacts, memoryStore } from '@zooid/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HubStoreConfig } from './config.js';
import { HubStore } from './hub-store.js';
import storeHub from './index.js';

const manifest: ManifestFields = {
  id: 'demo',
  app: 'intent',
  method: 'fine-tune',
  recipe: {},
  data: [],
  seeds: [1],
  metrics: {},
  createdWith: {},
  license: 'apache-2.0',
  description: 'about demo',
};

let hub: FakeHub;
let home: string;
let logged: string[];
beforeEach(async () => {
  hub = await FakeHub.start();
  home = await mkdtemp(join(tmpdir(), 'zooid-store-hub-'));
  logged = [];
  hub.repository('org/bert').commit({ 'config.json': '{"model_type":"bert"}', 'model.safetensors': 'weights' });
});
afterEach(async () => {
  await hub[Symbol.asyncDispose]();
  await rm(home, { recursive: true });
});

function storeWith(config: object = {}, environment: Record<string, string> = {}): HubStore {
  const log = (fields: object, message = '') => void logged.push(`${message} ${JSON.stringify(fields)}`);
  return new HubStore(
    validateDto(HubStoreConfig, config, 'settings'),
    { HF_ENDPOINT: hub.endpoint, HF_HOME: home, ...environment },
    { ...silentLogger, info: log, warn: log },
  );
}

/** Publishes a model of ours, as `push` would. */
async function publish(id: string, files = new Map([['onnx/model.onnx', 'graph']])): Promise<string> {
  const folder = join(home, 'made');
  await writeModelFolder(folder, { config: { model_type: 'bert' }, files, manifest, card: '# demo' });
  const names = (await readdir(folder, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const content: Record<string, Buffer> = {};
  for (const { parentPath, name } of names) {
    const path = join(parentPath, name);
    content[path.slice(folder.length + 1)] = await readFile(path);
  }
  return hub.repository(id).commit(content);
}

async function listed(store: HubStore): Promise<ModelSummary[]> {
  const summaries: ModelSummary[] = [];
  for await (const summary of store.list()) summaries.push(summary);
  return summaries;
}

describe('HubStore.find', () => {
  it('fetches a model and says which commit and content it is', async () => {
    const store = storeWith();
    const commit = hub.repository('org/bert').resolve('main')!;
    const found = await store.find('org/bert');
    expect(found).toEqual({
      id: 'org/bert',
      revision: expect.stringMatching(new RegExp(`^${commit}-[0-9a-f]{12}$`)),
      folder: join(home, 'hub/models--org--bert/snapshots', commit),
      readOnly: true,
      config: { model_type: 'bert' },
    });
    expect((await store.find(`org/bert@${commit}`))?.revision).toBe(found!.revision);
    expect(logged.filter((line) => line.includes('fetching from the Hub'))).toHaveLength(1);
  });

  it('verifies models of ours against their manifest, and fetches all that it names and nothing else', async () => {
    const commit = await publish(
      'me/demo',
      new Map([
        ['onnx/model.onnx', 'graph'],
        ['lexicons/songs.txt', 'a\n'],
      ]),
    );
    hub.repository('me/demo').commit({ 'onnx/other.onnx': 'not in the manifest' });
    const found = (await storeWith().find('me/demo'))!;
    expect(found.manifest).toMatchObject({ app: 'intent' });
    expect(await readFile(join(found.folder, 'lexicons/songs.txt'), 'utf8')).toBe('a\n');
    await expect(stat(join(found.folder, 'onnx/other.onnx'))).rejects.toThrow('ENOENT');

    hub.repository('me/demo').refs.set('main', commit);
    hub.repository('me/demo').commit({ 'vocab.txt': 'x', 'onnx/model.onnx': 'an exchanged graph' });
    const error = await storeWith()
      .find('me/demo')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(HubIntegrityError);
    expect((error as Error).message).toMatch(/'me\/demo' is damaged: .*onnx\/model\.onnx.*zooid cache verify --remove/);
  });

  it('follows its branch, and stays at a commit', async () => {
    const store = storeWith();
    const first = (await store.find('org/bert'))!;
    const commit = hub.repository('org/bert').commit({ 'config.json': '{"model_type":"roberta"}' });
    expect(await store.find('org/bert')).toMatchObject({ config: { model_type: 'roberta' } });
    expect((await store.find('org/bert'))!.revision).toContain(commit);
    expect(await store.find(`org/bert@${first.revision.slice(0, 40)}`)).toMatchObject({ revision: first.revision });
  });

  it('notices a content that was damaged after it was found intact', async () => {
    const store = storeWith();
    await store.find('org/bert');
    await writeFile(join(home, 'hub/models--org--bert/blobs', sha256('weights')), 'WEIGHTS');
    await expect(store.find('org/bert')).rejects.toThrow(
      /model\.safetensors is not what its digest says; run: zooid cache/,
    );
  });

  it.each(['bert-base-chinese', './org/bert', '/org/bert', 'a/b/c', 'org/bert@', ''])(
    'leaves %j to other stores without asking the Hub',
    async (reference) => {
      expect(await storeWith().find(reference)).toBeUndefined();
      expect(hub.requests).toEqual([]);
    },
  );

  it('serves what is cached when the Hub cannot be asked, and says so', async () => {
    const { folder } = (await storeWith().find('org/bert'))!;
    hub.faults.add({ on: /./, status: 503, times: 100 });
    const before = hub.requests.length;
    expect((await storeWith().find('org/bert'))?.folder).toBe(folder);
    expect(hub.requests).toHaveLength(before + 1);
    expect(logged.at(-1)).toMatch(/^using what is cached .*status 503/);
  });

  it('asks nobody offline', async () => {
    const { folder } = (await storeWith().find('org/bert'))!;
    const before = hub.requests.length;
    expect((await storeWith({}, { HF_HUB_OFFLINE: '1' }).find('org/bert'))?.folder).toBe(folder);
    expect((await storeWith({ offline: true }).find('org/bert'))?.folder).toBe(folder);
    await expect(storeWith({ offline: true }).find('org/none')).rejects.toThrow(/'org\/none' is not in the cache/);
    expect(hub.requests).toHaveLength(before);
  });

  it('fetches what the configuration chooses', async () => {
    const { folder } = (await storeWith({ exclude: ['*.safetensors'] }).find('org/bert'))!;
    expect(await readdir(folder)).toEqual(['config.json']);
  });
});

describe('HubStore.list', () => {
  it('lists what the cache holds without asking the Hub, and finds all of it', async () => {
    const store = storeWith();
    await publish('me/demo');
    hub.repository('org/bert').refs.set('v1', hub.repository('org/bert').resolve('main')!);
    for (const id of ['me/demo', 'org/bert@v1']) await store.find(id);
    const before = hub.requests.length;
    const summaries = await listed(store);
    expect(hub.requests).toHaveLength(before);
    expect(summaries).toEqual([
      {
        id: 'me/demo',
        store: 'hub',
        app: 'intent',
        license: 'apache-2.0',
        description: 'about demo',
        sizeBytes: expect.any(Number),
      },
      { id: 'org/bert@v1', store: 'hub', sizeBytes: 28 },
    ]);
    for (const { id } of summaries) expect(await store.find(id)).toBeDefined();
  });

  it('is empty without a cache', async () => {
    expect(await listed(storeWith())).toEqual([]);
  });
});

describe('HubStore beside others', () => {
  it('is asked last, whatever the order of the plugins, and named when nothing is found', async () => {
    const local = memoryStore([fakeArtifacts({ id: 'org/bert', config: { model_type: 'local' } })], 'local');
    await using kernel = await createKernel({
      plugins: [storeHub, local.plugin],
      environment: { HF_ENDPOINT: hub.endpoint, HF_HOME: home },
    });
    expect((await kernel.models.resolve('org/bert')).config).toEqual({ model_type: 'local' });
    expect(hub.requests).toEqual([]);
    await expect(kernel.models.resolve('org/none')).rejects.toThrow(
      /'org\/none' was not found \(searched: local, hub\)/,
    );
  });

  it('does not keep others from starting when its settings are wrong', async () => {
    await using kernel = await createKernel({ plugins: [storeHub], environment: { HF_ENDPOINT: 'nowhere' } });
    await expect(kernel.models.resolve('plain-name')).rejects.toThrow(/was not found/);
    await expect(kernel.models.resolve('org/name')).rejects.toThrow(/HF_ENDPOINT must be an http or https URL/);
  });
});
