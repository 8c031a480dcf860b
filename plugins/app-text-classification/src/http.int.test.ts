import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { createKernel, type Kernel } from '@zooid/kernel';
import { createServer, ServerConfig, type ZooidServer } from '@zooid/server';
import storeLocal from '@zooid/store-local';
import { afterAll, beforeAll, expect, it } from 'vitest';
import plugin from './index.js';
import { writeHubFolder } from './tiny-classifier.fixture.js';

let folder: string;
let kernel: Kernel;
let server: ZooidServer;
let url: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-classification-http-'));
  await writeHubFolder(folder);
  kernel = await createKernel({ plugins: [storeLocal, backendOnnx, plugin], config: { root: folder } });
  await kernel.endpoints.open('sentiment', folder);
  server = createServer({ kernel, config: Object.assign(new ServerConfig(), { port: 0 }) });
  ({ url } = await server.listen());
});
afterAll(async () => {
  await server?.close();
  await kernel?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function post(body: object) {
  const reply = await fetch(`${url}/v1/apps/sentiment`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: reply.status, body: JSON.parse(await reply.text()) };
}

it('answers with labels and scores, best first', async () => {
  const inputs = ['a fine film', { text: 'dull', text_pair: 'and long' }];
  const { status, body } = await post({ inputs, parameters: { top_k: 2 } });
  expect(status).toBe(200);
  const label = expect.stringMatching(/^(POSITIVE|NEGATIVE)$/);
  const scores = [
    { label, score: expect.any(Number) },
    { label, score: expect.any(Number) },
  ];
  expect(body.outputs).toEqual([scores, scores]);
});

it('points at what is wrong', async () => {
  const { status, body } = await post({ inputs: [{ text: 'x', text_pair: 7 }], parameters: { top_k: 0, topK: 1 } });
  expect(status).toBe(422);
  expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
    '/inputs/0/text_pair',
    '/parameters/topK',
    '/parameters/top_k',
  ]);
});

it('describes items and parameters in the OpenAPI document', async () => {
  const document = await (await fetch(`${url}/openapi.json`)).text();
  for (const field of ['text_pair', 'top_k', 'function_to_apply', 'apply_thresholds']) {
    expect(document).toContain(`"${field}"`);
  }
});
