import { mkdtempSync, rmSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HubClient, hubSettings, sha256 } from '@zooid/hub';
import { describeStoreContract, FakeHub } from '@zooid/testing';
import { afterAll, beforeAll } from 'vitest';
import storeHub from './index.js';

const folder = mkdtempSync(join(tmpdir(), 'zooid-store-hub-'));
const hub = await FakeHub.start();
const settings = { endpoint: hub.endpoint, cache: join(folder, 'hub') };

beforeAll(async () => {
  hub.repository('org/intact').commit({ 'config.json': '{"model_type":"bert"}', 'model.safetensors': 'weights' });
  hub.repository('org/damaged').commit({ 'config.json': '{}', 'model.safetensors': 'other weights' });
  const client = new HubClient(hubSettings({}, { endpoint: hub.endpoint, cacheFolder: settings.cache }));
  for (const name of ['intact', 'damaged']) await client.pull({ repo: `org/${name}` });
  await writeFile(join(settings.cache, 'models--org--damaged/blobs', sha256('other weights')), 'OTHER weights');
});
afterAll(async () => {
  await hub[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

describeStoreContract(storeHub, {
  settings,
  known: 'org/intact',
  damaged: 'org/damaged',
  limits: { listsPartly: true },
});
