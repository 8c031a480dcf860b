import backendOnnx from '@zooid/backend-onnx';
import storeLocal from '@zooid/store-local';
import { type ServedFolder, serveFolder } from '@zooid/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import plugin from './index.js';
import { sentenceFiles, writeEncoderFolder } from './tiny-encoder.fixture.js';

let served: ServedFolder;
beforeAll(async () => {
  served = await serveFolder({
    plugins: [storeLocal, backendOnnx, plugin],
    name: 'embed',
    write: (folder) => writeEncoderFolder(folder, sentenceFiles),
  });
});
afterAll(() => served?.[Symbol.asyncDispose]());

const post = (body: object) => served.send('POST', '/v1/apps/embed', body);

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
    const reply = await fetch(`${served.url}/v1/embeddings`, { method: 'POST', headers, body });
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
  const document = await (await fetch(`${served.url}/openapi.json`)).text();
  for (const field of ['pooling', 'normalize', 'truncate', 'prompt_name']) expect(document).toContain(`"${field}"`);
});
