import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import backendOnnx from '@zooid/backend-onnx';
import { writeModelFolder } from '@zooid/hub';
import { createKernel, exportModel, type Kernel } from '@zooid/kernel';
import storeLocal from '@zooid/store-local';
import { Random } from '@zooid/tensor';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import plugin from './index.js';
import { prepareTiny, tinyContent, tinyEncoder, tinyExamples } from './tiny-classifier.fixture.js';

/** Large enough that its matrices are quantized. */
const encoder = { ...tinyEncoder, hidden_size: 64, intermediate_size: 256 };

let folder: string;
let kernel: Kernel | undefined;

/** The same model quantized; `deterministic` as in zooid.yaml. */
async function serve(deterministic: boolean): Promise<Kernel> {
  kernel = await createKernel({
    plugins: [storeLocal, backendOnnx, plugin],
    config: {
      root: folder,
      batching: { deterministic },
      settings: { 'backend-onnx': { variants: ['int8'], workers: 2 } },
    },
  });
  await kernel.endpoints.open('tiny', join(folder, 'tiny'));
  return kernel;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-deterministic-'));
  await writeModelFolder(join(folder, 'tiny'), tinyContent(await prepareTiny({}, tinyExamples, encoder)));
  await using exporting = await createKernel({ plugins: [storeLocal, backendOnnx, plugin], config: { root: folder } });
  const tolerance = { points: 100, changed: 1, difference: 10 };
  await exportModel(exporting, join(folder, 'tiny'), { variants: ['int8'], tolerance });
});
afterEach(() => kernel?.[Symbol.asyncDispose]());
afterAll(() => rm(folder, { recursive: true, force: true }));

const texts = ['好', '物流很快', '质量好，还会再来', 'broken after a day', '用了两天就坏了，音质很差，退货'];
const random = new Random(5);
const requests = Array.from({ length: 40 }, () =>
  Array.from({ length: 1 + random.int(6) }, () => texts[random.int(texts.length)]!),
);

/** Per text, every different answer it got: on its own, and in requests that come all at once. */
async function answersUnderLoad({ endpoints }: Kernel): Promise<Map<string, Set<string>>> {
  const answers = new Map(texts.map((text) => [text, new Set<string>()]));
  const ask = async (items: readonly string[]) => {
    const { outputs } = await endpoints.run('tiny', items);
    for (const [i, text] of items.entries()) answers.get(text)!.add(JSON.stringify(outputs[i]));
  };
  for (const text of texts) await ask([text]);
  await Promise.all(requests.map(ask));
  return answers;
}

describe('a quantized model', () => {
  it('gives the same bits under any load when batching is deterministic', async () => {
    const answers = await answersUnderLoad(await serve(true));
    expect([...answers.values()].map(({ size }) => size)).toEqual(texts.map(() => 1));
  });

  it('scales its activations per batch otherwise, so that answers depend on their neighbours', async () => {
    const answers = await answersUnderLoad(await serve(false));
    expect(Math.max(...[...answers.values()].map(({ size }) => size))).toBeGreaterThan(1);
  });
});
