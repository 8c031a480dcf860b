import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { createKernel, type Kernel } from '@zooid/kernel';
import { createServer, ServerConfig, type ZooidServer } from '@zooid/server';
import storeLocal from '@zooid/store-local';
import { afterAll, beforeAll, expect, it } from 'vitest';
import plugin from './index.js';
import { writeHubFolder } from './tiny-tagger.fixture.js';

let folder: string;
let kernel: Kernel;
let server: ZooidServer;
let url: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-tagging-http-'));
  await writeHubFolder(folder);
  kernel = await createKernel({ plugins: [storeLocal, backendOnnx, plugin], config: { root: folder } });
  await kernel.endpoints.open('names', folder);
  server = createServer({ kernel, config: Object.assign(new ServerConfig(), { port: 0 }) });
  ({ url } = await server.listen());
});
afterAll(async () => {
  await server?.close();
  await kernel?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function post(path: string, body: object) {
  const reply = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: reply.status, body: JSON.parse(await reply.text()) };
}

const span = {
  entity_group: expect.stringMatching(/^(PER|LOC|O)$/),
  score: expect.any(Number),
  word: expect.any(String),
  start: expect.any(Number),
  end: expect.any(Number),
};

it('answers each text with its spans, in order', async () => {
  const inputs = ['anna went to york', { text: 'with newer .' }];
  const { status, body } = await post('/v1/apps/names', { inputs, parameters: { ignore_labels: [] } });
  expect(status).toBe(200);
  expect(body.outputs).toHaveLength(2);
  for (const spans of body.outputs) for (const one of spans) expect(one).toEqual(span);
});

it.each(['/models/names', '/hf/token-classification/names'])('answers as the Hub does: %s', async (path) => {
  const parameters = { aggregation_strategy: 'none', ignore_labels: ['B-PER'] };
  const one = await post(path, { inputs: 'anna went to york', parameters });
  expect(one.status).toBe(200);
  const many = await post(path, { inputs: ['anna went to york'], parameters });
  expect(many.body).toEqual([one.body]);
  for (const token of one.body)
    expect(Object.keys(token).sort()).toEqual(['end', 'entity', 'index', 'score', 'start', 'word']);
});

it('points at what is wrong', async () => {
  const parameters = { aggregation_strategy: 'last', ignore_labels: 'O', stride: -1, topK: 1 };
  const { status, body } = await post('/v1/apps/names', { inputs: 'x', parameters });
  expect(status).toBe(422);
  expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
    '/parameters/aggregation_strategy',
    '/parameters/ignore_labels',
    '/parameters/stride',
    '/parameters/topK',
  ]);
});

it('describes parameters and answers in the OpenAPI document', async () => {
  const document = await (await fetch(`${url}/openapi.json`)).text();
  for (const field of ['aggregation_strategy', 'ignore_labels', 'stride', 'entity_group', 'code_points']) {
    expect(document).toContain(`"${field}"`);
  }
});
