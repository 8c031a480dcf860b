import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lines, Workplace } from './__fixtures__/workplace.js';

/** Each test starts the command several times, and other tests keep the machine busy. */
vi.setConfig({ testTimeout: 120_000 });

let at: Workplace;

beforeAll(async () => {
  at = await Workplace.create();
});
afterAll(() => at.remove());

describe('zooid train', () => {
  beforeAll(async () => {
    await at.write('train.jsonl', [{ text: 'hi', label: 'short' }]);
    await writeFile(at.path('recipe.yaml'), 'app: echo\ndata: { train: train.jsonl }\ntrain: { steps: 4 }\n');
  });

  it('prints one JSON event a line when piped, the last being done', async () => {
    const { code, out, err } = await at.zooid(['train', 'recipe.yaml', '--set', 'train.steps=3', '--output', 'out-a']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    const events = lines(out);
    expect(events.map(({ type }) => type)).toEqual(['stage', 'stage', 'step', 'step', 'step', 'evaluation', 'done']);
    expect(events.at(-1)).toMatchObject({
      output: at.path('out-a'),
      metrics: { accuracy: 1 },
      seconds: expect.any(Number),
    });
  });

  it('refuses wrong recipes, overrides and used folders before it starts', async () => {
    await at.refused(
      ['train', 'recipe.yaml', '--set', 'trian.steps=1', '--output', 'out-b'],
      /trian is an unknown key; did you mean 'train'/,
    );
    await at.refused(['train', 'recipe.yaml', '--set', 'train.steps=5000', '--output', 'out-b'], /\/train\/steps/);
    await at.refused(['train', 'recipe.yaml', '--output', 'out-a'], /out-a holds a run already/);
    await at.refused(['train', 'none.yaml'], /none\.yaml: there is no such file/);
    await at.write('train-bad.jsonl', [{ text: 'hi' }, '{oops']);
    await at.refused(
      ['train', 'recipe.yaml', '--set', 'data.train=train-bad.jsonl', '--output', 'out-b'],
      /train-bad\.jsonl:2: is not valid JSON/,
    );
    expect(existsSync(at.path('out-b'))).toBe(false);
  });

  it('stops on Ctrl-C with a checkpoint and says how to go on; that command goes on', async () => {
    const words = ['train', 'recipe.yaml', '--set', 'train.steps=30', '--set', 'train.stepMs=50', '--output', 'out-c'];
    const child = at.start(words);
    await expect.poll(() => child.text.out, { timeout: 10_000 }).toContain('"step":2');
    child.kill('SIGINT');
    const [code] = (await once(child, 'close')) as [number];
    expect(code).toBe(130);
    expect(child.text.err).toContain('stopped; checkpoint in');
    const command = /Go on with: zooid (.*)/.exec(child.text.err)?.[1]?.split(' ') ?? [];
    expect(command).toEqual([...words, '--resume']);
    const done = lines(child.text.out).filter(({ type }) => type === 'step').length;
    const events = lines((await at.zooid(command)).out).filter(({ type }) => type === 'step');
    expect(events.map(({ step }) => step)).toEqual(Array.from({ length: 30 - done }, (_, i) => done + i + 1));
  });

  it('ends at once on the second Ctrl-C', async () => {
    const child = at.start([
      'train',
      'recipe.yaml',
      '--set',
      'train.steps=2',
      '--set',
      'train.stepMs=20000',
      '--output',
      'out-d',
    ]);
    await expect.poll(() => child.text.out, { timeout: 10_000 }).toContain('2 steps');
    child.kill('SIGINT');
    await expect.poll(() => child.text.err).toContain('again to stop at once');
    child.kill('SIGINT');
    const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
    expect({ code, signal }).toEqual({ code: null, signal: 'SIGINT' });
  });
});
