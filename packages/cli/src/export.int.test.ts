import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Workplace } from './__fixtures__/workplace.js';

/** Each test starts the command several times, and other tests keep the machine busy. */
vi.setConfig({ testTimeout: 120_000 });

let at: Workplace;

beforeAll(async () => {
  at = await Workplace.create();
  await writeFile(at.path('golden.json'), JSON.stringify([{ input: { text: 'a b' }, output: {}, tolerance: 0 }]));
});
afterAll(() => at.remove());

describe('zooid export', () => {
  it('writes the plain graph where there is none, and a table of the variants', async () => {
    const { code, out, err } = await at.zooid(['export', 'tiny', '--variants', 'fused,int8']);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(existsSync(at.path('onnx/model.onnx'))).toBe(true);
    expect(out).toMatch(/^tiny in \. compared on random inputs: its manifest names no validation or test data\n/);
    expect(out).toMatch(/^fp32 +\S+ +2\.0 MB +100 %$/m);
    expect(out).toMatch(/^fused +\S+ +500\.0 kB +25 % +0 +0 +0 of 4 changed$/m);
    expect(out).toMatch(/^int8 +onnx\/int8 +500\.0 kB +25 % +2\.5e-1 +5\.0e-2 +1 of 4 changed$/m);
    expect(out).toContain('int8 keeps in float32: classifier');
    expect(out).not.toContain('\x1b');
  });

  it('prints JSON, and makes fused and int8 unless told otherwise', async () => {
    const { code, out } = await at.zooid(['export', 'tiny', '--json']);
    expect(code).toBe(0);
    const { model, variants } = JSON.parse(out) as { model: string; variants: { variant: string }[] };
    expect(model).toBe('tiny');
    expect(variants.map(({ variant }) => variant)).toEqual(['fp32', 'fused', 'int8']);
  });

  it('fails in the end when a variant was refused, after showing all', async () => {
    const { code, out, err } = await at.zooid(['export', 'tiny', '--variants', 'fp16,int8', '--difference', '0.01']);
    expect(code).toBe(1);
    expect(out).toMatch(/^fp16 .* changed$/m);
    expect(out).toMatch(/^int8 .* refused$/m);
    expect(err).toBe('zooid: 1 of 2 variants were not written (int8: outputs differ)\n');
  });

  it('scores forms on labelled data, and refuses what loses too much', async () => {
    await at.write('labelled.jsonl', [
      { text: 'shorter', label: 'long' },
      { text: 'no', label: 'long' },
    ]);
    const words = ['export', 'tiny', '--variants', 'fused,int8', '--data', 'labelled.jsonl'];
    const { code, out, err } = await at.zooid(words);
    expect(code).toBe(1);
    expect(out).toMatch(/^tiny in \. compared on labelled\.jsonl, 2 examples\n/);
    expect(out).toMatch(/^fused .* accuracy 0\.5000 → 0\.5000$/m);
    expect(out).toMatch(/^int8 .* accuracy 0\.5000 → 0\.4900 +refused$/m);
    expect(err).toBe('zooid: 1 of 2 variants were not written (int8: loses 1 point)\n');
    expect((await at.zooid([...words, '--tolerance', '1'])).code).toBe(0);
    await at.refused(['export', 'tiny', '--data', 'nowhere.jsonl'], /--data nowhere\.jsonl: there is no such file/);
    await at.write('unlabelled.jsonl', [{ text: 'a' }]);
    await at.refused(['export', 'tiny', '--data', 'unlabelled.jsonl'], /unlabelled\.jsonl:1.*\/label is required/);
  });

  it('exports into a copy', async () => {
    const { code, out } = await at.zooid(['export', 'tiny', '--output', 'copy', '--variants', 'fused']);
    expect(code).toBe(0);
    expect(out).toMatch(/^tiny in copy /);
    expect(existsSync(at.path('copy/onnx/model.onnx'))).toBe(true);
  });

  it('answers misuse with status 2', async () => {
    await at.refused(['export', 'tiny', '--variants', 'int9'], /unknown variant 'int9'; did you mean 'int8'/);
    await at.refused(['export', 'tiny', '--variants', ','], /at least one name/);
    await at.refused(['export', 'tiny', '--tolerance', 'x'], /a number of at least 0/);
    await mkdir(at.path('full/inside'), { recursive: true });
    await at.refused(['export', 'tiny', '--output', 'full'], /--output .*full holds something already/);
  });
});
