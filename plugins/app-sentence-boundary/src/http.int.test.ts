import backendOnnx from '@zooid/backend-onnx';
import storeLocal from '@zooid/store-local';
import { type ServedFolder, serveFolder } from '@zooid/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import plugin, { SentenceStream } from './index.js';
import { prepareTiny, writeTinyFolder } from './tiny-sentences.fixture.js';

let served: ServedFolder;
beforeAll(async () => {
  served = await serveFolder({
    plugins: [storeLocal, backendOnnx, plugin],
    name: 'sentences',
    write: async (folder) => writeTinyFolder(folder, await prepareTiny()),
  });
});
afterAll(() => served?.[Symbol.asyncDispose]());

const post = (inputs: unknown, parameters: object = {}) =>
  served.send('POST', '/v1/apps/sentences', { inputs, parameters });

describe('over HTTP', () => {
  it('answers with sentences and their places, and says how likely the end is', async () => {
    const { status, body } = await post('😀打开空调。明天', { codePoints: true });
    expect(status).toBe(200);
    const [output] = body.outputs;
    expect(Object.keys(output)).toEqual(['mode', 'sentences', 'isComplete']);
    expect(output.mode).toBe('cut');
    expect(output.sentences.map(({ text }: { text: string }) => text).join('')).toBe('😀打开空调。明天');
    expect(output.sentences.at(-1)).toMatchObject({ end: 9, codePoints: [expect.any(Number), 8] });
  });

  it('answers with the text and its marks in the mode punct', async () => {
    const { body } = await post('打开空调', { mode: 'punct', threshold: 0 });
    const [{ text, sentences }] = body.outputs;
    expect(text).toMatch(/^打[，。？！]开[，。？！]空[，。？！]调[，。？！]$/);
    expect(sentences.map(({ punctuated }: { punctuated: string }) => punctuated).join('')).toBe(text);
  });

  it('says which modes there are', async () => {
    const { status, body } = await post('好', { mode: 'punkt' });
    expect([status, body.errors[0].pointer]).toEqual([422, '/parameters/mode']);
    expect(body.errors[0].detail).toContain("did you mean 'punct'?; known: cut, punct");
  });

  it('carries a stream from one partial result to the next', async () => {
    const stream = new SentenceStream(async (item) => (await post([item])).body.outputs[0]);
    const text = '打开空调。明天天气怎么样？好的';
    const found = [];
    for (const character of text) found.push(...(await stream.append(character)));
    expect(found.length).toBeGreaterThan(1);
    expect(found.map((sentence) => sentence.text).join('') + stream.rest).toBe(text);
    found.push(...(await stream.finish()));
    expect(found.map((sentence) => sentence.text).join('')).toBe(text);
  });

  it('describes items, parameters and answers in the OpenAPI document', async () => {
    const document = await (await fetch(`${served.url}/openapi.json`)).text();
    for (const field of ['mode', 'threshold', 'minLength', 'partial', 'committed', 'settled', 'pause', 'isComplete'])
      expect(document).toContain(`"${field}"`);
  });
});
