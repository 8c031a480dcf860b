import backendOnnx from '@zooid/backend-onnx';
import storeLocal from '@zooid/store-local';
import { type ServedFolder, serveFolder } from '@zooid/testing';
import { afterAll, beforeAll, expect, it } from 'vitest';
import plugin from './index.js';
import { writeHubFolder } from './tiny-tagger.fixture.js';

let served: ServedFolder;
beforeAll(async () => {
  served = await serveFolder({
    plugins: [storeLocal, backendOnnx, plugin],
    name: 'names',
    write: (folder) => writeHubFolder(folder),
  });
});
afterAll(() => served?.[Symbol.asyncDispose]());

const post = (path: string, body: object) => served.send('POST', path, body);

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
  const document = await (await fetch(`${served.url}/openapi.json`)).text();
  for (const field of ['aggregation_strategy', 'ignore_labels', 'stride', 'entity_group', 'code_points']) {
    expect(document).toContain(`"${field}"`);
  }
});
