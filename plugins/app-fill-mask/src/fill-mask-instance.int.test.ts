import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fakeArtifacts, fakeModel } from '@zooid/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FillMaskParameters } from './dto.js';
import { FillMaskInstance } from './fill-mask-instance.js';
import { vocabulary, writeTinyMaskedLm } from './tiny-masked-lm.fixture.js';

/** Scores that say, at every place, that token `1 + place` is the best and its neighbour the second. */
function scriptedLogits(rows: number, sequence: number) {
  const width = vocabulary.length + 2; // the table is padded beyond the tokenizer
  const data = new Float32Array(rows * sequence * width).fill(-1e4);
  for (let i = 0; i < rows * sequence; i++) {
    const best = 5 + (i % sequence);
    data[i * width + best] = Math.log(3);
    data[i * width + best + 1] = 0;
    data[i * width + width - 1] = 100; // no token stands for this row
  }
  return { logits: { dtype: 'float32' as const, dims: [rows, sequence, width], data } };
}

describe('FillMaskInstance', () => {
  let folder: string;
  let instance: FillMaskInstance;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'zooid-fill-mask-'));
    await writeTinyMaskedLm(folder);
    const artifacts = fakeArtifacts({ folder, config: { max_position_embeddings: 16 } });
    const model = fakeModel(artifacts, ({ input_ids }) => scriptedLogits(input_ids!.dims[0]!, input_ids!.dims[1]!));
    instance = await FillMaskInstance.open(model);
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  const parameters = (fields: Partial<FillMaskParameters> = {}) => Object.assign(new FillMaskParameters(), fields);

  it('gives the best words of the one mask, in its place', async () => {
    // [CLS] 今 天 [MASK]: place 3, so token 8 (很) and then 9 (好), with odds of 3 to 1.
    const [answer] = await instance.run([{ text: '今天[MASK]' }], parameters({ top_k: 2 }));
    expect(answer).toEqual([
      { score: expect.closeTo(0.75, 5), token: 8, token_str: '很', sequence: '今天很' },
      { score: expect.closeTo(0.25, 5), token: 9, token_str: '好', sequence: '今天好' },
    ]);
  });

  it('orders the whole vocabulary where so many are wanted, equal ones by id', async () => {
    const [answer] = await instance.run([{ text: '今天[MASK]' }], parameters({ top_k: 1000 }));
    const tokens = (answer as readonly { token: number }[]).map(({ token }) => token);
    const others = vocabulary.map((_, id) => id).filter((id) => id !== 8 && id !== 9);
    expect(tokens).toEqual([8, 9, ...others]);
  });

  it('gives a list per mask where there are several, each in a text of its own', async () => {
    const [answer] = await instance.run([{ text: '[MASK]天 [MASK]' }], parameters({ top_k: 1 }));
    expect(answer).toEqual([
      [{ score: expect.closeTo(0.75, 5), token: 6, token_str: '天', sequence: '天天 [MASK]' }],
      [{ score: expect.closeTo(0.75, 5), token: 8, token_str: '很', sequence: '[MASK]天 很' }],
    ]);
  });

  it('shares the probability among the targets only', async () => {
    const [answer] = await instance.run([{ text: '今天[MASK]' }], parameters({ targets: ['好', 'rain', '好'] }));
    expect(answer).toMatchObject([
      { token_str: '好', score: expect.closeTo(1, 5) },
      { token_str: 'rain', score: expect.closeTo(0, 5) },
    ]);
  });

  it('answers texts of different lengths in their order', async () => {
    const texts = ['[MASK]', '今天[MASK]', '天[MASK]', '今天天气很[MASK]'];
    const answers = await instance.run(
      texts.map((text) => ({ text })),
      parameters({ top_k: 1 }),
    );
    expect(answers.map(([best]) => best)).toMatchObject([6, 8, 7, 11].map((token) => ({ token })));
  });
});
