import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { pipeline } from '@zooid/kernel';
import storeHub from '@zooid/store-hub';
import storeLocal from '@zooid/store-local';
import { FakeHub } from '@zooid/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import plugin from './index.js';
import { writeHubFolder } from './tiny-classifier.fixture.js';

const plugins = [storeLocal, storeHub, backendOnnx, plugin];
let root: string;
let hub: FakeHub;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'zooid-classification-hub-'));
  hub = await FakeHub.start();
  await writeHubFolder(join(root, 'sentiment'));
  hub.repository('org/sentiment').commit(await filesOf(join(root, 'sentiment')));
});
afterAll(async () => {
  await hub?.[Symbol.asyncDispose]();
  await rm(root, { recursive: true, force: true });
});

async function filesOf(folder: string): Promise<Record<string, Buffer>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  const contents = await Promise.all(
    paths.map(async (path) => [relative(folder, path), await readFile(path)] as const),
  );
  return Object.fromEntries(contents);
}

it('answers with a model of the Hub that no Zooid has made, by its name alone', async () => {
  const environment = { HF_ENDPOINT: hub.endpoint, HF_HOME: join(root, 'home') };
  const options = { plugins, environment, config: { root } };
  await using classify = await pipeline('text-classification', 'org/sentiment', options);
  const [best, other] = await classify({ text: 'a fine film', text_pair: 'and long' });
  expect([best!.label, other!.label].sort()).toEqual(['NEGATIVE', 'POSITIVE']);

  await using same = await pipeline('text-classification', join(root, 'sentiment'), options);
  expect(await classify(['a fine film', 'dull'])).toEqual(await same(['a fine film', 'dull']));
});
