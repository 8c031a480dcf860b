import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { createKernel, type Kernel } from '@zooid/kernel';
import { createServer, ServerConfig, type ZooidServer } from '@zooid/server';
import storeLocal from '@zooid/store-local';
import { afterAll, beforeAll, expect, it } from 'vitest';
import plugin from './index.js';
import { sentenceFiles, writeEncoderFolder } from './tiny-encoder.fixture.js';

let folder: string;
let kernel: Kernel;
let server: ZooidServer;
let url: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-features-http-'));
  await writeEncoderFolder(folder, sentenceFiles);
  kernel = await createKernel({ plugins: [storeLocal, backendOnnx, plugin], config: { root: folder } });
  await kernel.endpoints.open('embed', folder);
  server = createServer({ kernel, config: Object.assign(new ServerConfig(), { port: 0 }) });
  ({ url } = await server.listen());
});
afterAll(async () => {
  await server?.close();
  await kernel?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

async function post(body: object) {
  const reply = await fetch(`${url}/v1/apps/embed`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  return { status: reply.status, body: JSON.parse(await reply.text()) };
}

it('answers with one array of numbers per text', async () => {
  const { status, body } = await post({ inputs: ['a fine film', { text: 'dull' }] });
  expect(status).toBe(200);
  expect(body.outputs.map((vector: number[]) => vector.length)).toEqual([16, 16]);
  expect(Math.hypot(...body.outputs[0])).toBeCloseTo(1, 5);
});

it('answers with an array per token without pooling', async () => {
  const { body } = await post({ inputs: 'dull', parameters: { pooling: 'none' } });
  expect(body.outputs[0]).toHaveLength(3);
  expect(body.outputs[0][0]).toHaveLength(16);
});

it('answers in the words of OpenAI, and counts the tokens it read', async () => {
  const ask = async (input: string | string[]) => {
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ model: 'embed', input });
    const reply = await fetch(`${url}/v1/embeddings`, { method: 'POST', headers, body });
    return { status: reply.status, body: JSON.parse(await reply.text()) };
  };
  const { body: own } = await post({ inputs: ['dull', 'dull dull'] });
  const { body } = await ask(['dull', 'dull dull']);
  expect(body.data.map(({ embedding }: { embedding: number[] }) => embedding)).toEqual(own.outputs);
  // [CLS] dull [SEP] and [CLS] dull dull [SEP]
  expect(body.usage).toEqual({ prompt_tokens: 7, total_tokens: 7 });
  const long = await ask('dull '.repeat(600));
  expect([long.status, long.body.error.param]).toEqual([400, 'input']);
});

it('points at what is wrong', async () => {
  const { status, body } = await post({ inputs: ['x'], parameters: { pooling: 'first', prompt_name: 5 } });
  expect(status).toBe(422);
  expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual([
    '/parameters/pooling',
    '/parameters/prompt_name',
  ]);
});

it('describes its parameters in the OpenAPI document', async () => {
  const document = await (await fetch(`${url}/openapi.json`)).text();
  for (const field of ['pooling', 'normalize', 'truncate', 'prompt_name']) expect(document).toContain(`"${field}"`);
});
