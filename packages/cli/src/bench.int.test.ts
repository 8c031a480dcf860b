import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import type { ModelBenchmark } from '@zooid/kernel';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { Workplace } from './__fixtures__/workplace.js';

/** Each test starts the command several times, and other tests keep the machine busy. */
vi.setConfig({ testTimeout: 120_000 });

let at: Workplace;

beforeAll(async () => {
  at = await Workplace.create();
  await writeFile(at.path('golden.json'), '[]');
  await mkdir(at.path('onnx'));
  await writeFile(at.path('onnx/model.onnx'), 'plain');
  await at.write('labelled.jsonl', [{ text: 'shorter', label: 'long' }]);
});
afterAll(() => at.remove());

const quick = ['--seconds', '0', '--batch', '1,2', '--length', '4'];

describe('zooid bench', () => {
  it('prints what each form costs, loses and gains, and leaves the folder alone', async () => {
    const { code, out, err } = await at.zooid(['bench', 'tiny', ...quick]);
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(/^tiny compared on random inputs: .*, 1 thread\n/);
    expect(out).toMatch(/^fp32, not optimised .* ms .* reference$/m);
    expect(out).toMatch(/^int8 +500\.0 kB .* 5\.0e-2 +1 of 4 changed$/m);
    for (const size of ['1 × 4', '2 × 4']) {
      for (const form of ['fp32, not optimised', 'fp32', 'int8']) {
        expect(out).toMatch(new RegExp(`^${size} +${form} +[\\d.]+ ms .* ×$`, 'm'));
      }
    }
    expect(out).not.toContain('\x1b');
    expect(existsSync(at.path('onnx/int8'))).toBe(false);
  });

  it('prints JSON of a stable shape', async () => {
    const { code, out } = await at.zooid([
      'bench',
      'tiny',
      ...quick,
      '--json',
      '--data',
      'labelled.jsonl',
      '--tolerance',
      '1',
    ]);
    expect(code).toBe(0);
    const result = JSON.parse(out) as ModelBenchmark;
    const timing = {
      batch: 1,
      length: 4,
      rounds: 7,
      p50: expect.any(Number),
      p95: expect.any(Number),
      spread: expect.any(Number),
      cpu: expect.any(Number),
      throughput: expect.any(Number),
    };
    const cost = { loadMilliseconds: expect.any(Number), residentBytes: expect.any(Number) };
    const timings = [timing, { ...timing, batch: 2 }];
    expect(result).toEqual({
      model: 'tiny',
      revision: 'tiny-1',
      threads: 1,
      goldenSamples: 0,
      evaluation: { data: 'labelled.jsonl', examples: 1, total: 1 },
      reference: { variant: 'fp32', ...cost, timings },
      variants: [
        expect.objectContaining({ variant: 'fp32' }),
        expect.objectContaining({ variant: 'int8', ...cost, timings }),
      ],
    });
    expect(result.variants[1]).toMatchObject({
      accepted: true,
      sizeBytes: 500_000,
      maxProbabilityDifference: 0.05,
      changedDecisions: 1,
      decisions: 4,
      evaluation: { metric: 'accuracy', reference: 1, value: 0.99, lostPoints: 1 },
    });
  });

  it('fails in the end when a form loses too much', async () => {
    const { code, out, err } = await at.zooid(['bench', 'tiny', ...quick, '--data', 'labelled.jsonl']);
    expect(code).toBe(1);
    expect(out).toMatch(/^int8 .* refused$/m);
    expect(err).toBe('zooid: 1 of 2 variants lose too much (int8: loses 1 point)\n');
  });

  it('makes forms that the folder lacks in a copy of it, when told to', async () => {
    await at.refused(
      ['bench', 'tiny', '--variants', 'fused'],
      /--make is needed: .* has no fused \(it has fp32, int8\)/,
    );
    const { code, out } = await at.zooid(['bench', 'tiny', ...quick, '--variants', 'fused', '--make']);
    expect(code).toBe(0);
    expect(out).toMatch(/^fused +500\.0 kB/m);
    expect(existsSync(at.path('onnx/fused'))).toBe(false);
  });

  it('answers misuse with status 2', async () => {
    await at.refused(['bench', 'tiny', '--variants', 'int9'], /unknown variant 'int9'; did you mean 'int8'/);
    await at.refused(['bench', 'tiny', '--batch', '0'], /positive whole number/);
    await at.refused(['bench', 'tiny', '--data', 'nowhere:test'], /nowhere/);
  });
});
