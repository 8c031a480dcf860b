import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import appFillMask from '@zooid/app-fill-mask';
import appIntent from '@zooid/app-intent';
import appSegmentation, { type Words } from '@zooid/app-segmentation';
import appSentenceBoundary, { type SentenceOutput } from '@zooid/app-sentence-boundary';
import backendOnnx from '@zooid/backend-onnx';
import backendTransformers from '@zooid/backend-transformers';
import { goldenDifference, modelFolderBytes, parseGolden, readModelFolder } from '@zooid/hub';
import { createKernel, type Kernel } from '@zooid/kernel';
import storeLocal from '@zooid/store-local';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from './recipes/train-recipe.js';

const root = join(projectRoot, 'modelzoo');
const names = readdirSync(root, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : []));

let kernel: Kernel;
beforeAll(async () => {
  kernel = await createKernel({
    plugins: [
      storeLocal,
      backendOnnx,
      backendTransformers,
      appIntent,
      appFillMask,
      appSegmentation,
      appSentenceBoundary,
    ],
    config: { root: projectRoot },
  });
  for (const name of names) await kernel.endpoints.open(name, join(root, name));
}, 60_000);
afterAll(() => kernel[Symbol.asyncDispose]());

describe('the shipped models', () => {
  it.each(names)('%s is below 25 MB, and so is a student beside it', async (name) => {
    const folder = join(root, name);
    const student = await modelFolderBytes(join(folder, 'fast')).catch(() => 0);
    expect(student).toBeLessThan(25e6);
    expect((await modelFolderBytes(folder)) - student).toBeLessThan(25e6);
  });

  it.each(names)('%s is what its manifest says and names its licence', async (name) => {
    const { manifest } = await readModelFolder(join(root, name), { verify: true });
    expect(manifest?.id).toBe(name);
    expect(manifest?.license).toMatch(/^(apache-2\.0|cc-by(-sa)?-\d\.0)$/);
  });

  it.each(names)('%s answers its golden inputs as it did when it was made', async (name) => {
    const cases = parseGolden(await readFile(join(root, name, 'golden.json'), 'utf8'));
    expect(cases.length).toBeGreaterThan(0);
    const inputs = cases.map(({ input }) => input);
    const { outputs } = await kernel.endpoints.run(name, inputs, {});
    cases.forEach(({ output, tolerance }, i) => {
      expect(goldenDifference(output, outputs[i], tolerance)).toBeUndefined();
    });
  });

  it('weighs what the text says against what the lexicon says', async () => {
    const items = ['想听说不出的秘密', '我不想说出这个秘密'];
    const { outputs } = await kernel.endpoints.run('intent-zh-speaker', items, {});
    expect(outputs).toMatchObject([
      { intent: 'PlayMusic', slots: [{ type: 'song', text: '说不出的秘密', start: 2, end: 8 }] },
      { intent: 'Chat', slots: [{ type: 'song', text: '秘密', start: 7, end: 9 }] },
    ]);
  });

  it('divides a text into words at either granularity, fast and accurately', async () => {
    const text = '天文学家发现了一颗小行星';
    for (const quality of ['accurate', 'fast']) {
      const { outputs } = await kernel.endpoints.run('segmentation-zh', text, { granularity: 'both', quality });
      const [{ coarse, fine }] = outputs as [{ coarse: Words; fine: Words }];
      expect(coarse.words.map((word) => word.text).join('/')).toBe('天文学家/发现/了/一/颗/小行星');
      expect(fine.words.map((word) => word.text).join('/')).toBe('天文/学/家/发现/了/一/颗/小/行星');
    }
  });

  it('cuts a stream of requests where one ends and the next begins', async () => {
    const { outputs } = await kernel.endpoints.run('sentence-boundary-zh', '打开空调明天天气怎么样', {});
    const [{ sentences }] = outputs as [SentenceOutput];
    expect(sentences.map(({ text }) => text)).toEqual(['打开空调', '明天天气怎么样']);
  });
});
