import backendOnnx from '@zooid/backend-onnx';
import storeLocal from '@zooid/store-local';
import { type ServedFolder, serveFolder } from '@zooid/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import plugin from './index.js';
import { writeHubFolder } from './tiny-classifier.fixture.js';

let served: ServedFolder;
beforeAll(async () => {
  served = await serveFolder({
    plugins: [storeLocal, backendOnnx, plugin],
    name: 'sentiment',
    write: (folder) => writeHubFolder(folder),
  });
});
afterAll(() => served?.[Symbol.asyncDispose]());

const post = (body: object) => served.send('POST', '/v1/apps/sentiment', body);

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
  const document = await (await fetch(`${served.url}/openapi.json`)).text();
  for (const field of ['text_pair', 'top_k', 'function_to_apply', 'apply_thresholds']) {
    expect(document).toContain(`"${field}"`);
  }
});
