import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import appIntent from '@zooid/app-intent';
import { silentLogger } from '@zooid/common';
import datasetJsonl from '@zooid/dataset-jsonl';
import datasetTemplates from '@zooid/dataset-templates';
import { createKernel } from '@zooid/kernel';
import methodFineTune from '@zooid/method-fine-tune';
import { describe, expect, it } from 'vitest';
import type { Expectations } from './expectations.js';

const root = fileURLToPath(new URL('../../../..', import.meta.url));
const recipes = readdirSync(join(root, 'appzoo/intent')).map((name) => join('appzoo/intent', name));
const expectationsOf = (recipe: string): Expectations =>
  JSON.parse(readFileSync(join(root, recipe, 'expected.json'), 'utf8'));

describe.each(recipes)('%s', (recipe) => {
  it('says what to expect', () => {
    expect(existsSync(join(root, recipe, 'README.md'))).toBe(true);
    const { band, metric, smoke, split, seconds } = expectationsOf(recipe);
    expect(metric).not.toBe('');
    expect(['validation', 'test']).toContain(split);
    expect(0 < band[0] && band[0] < band[1] && band[1] <= 1).toBe(true);
    expect(seconds).toBeGreaterThan(0);
    expect(smoke.set.length).toBeGreaterThan(0);
    expect(smoke.atLeast).toBeLessThan(band[0]);
  });
});

describe('the recipe whose data is in the repository', () => {
  it('reaches what its smoke setting promises', { timeout: 120_000 }, async () => {
    const recipe = 'appzoo/intent/zh-speaker';
    const { metric, smoke } = expectationsOf(recipe);
    const output = await mkdtemp(join(tmpdir(), 'zooid-smoke-'));
    const kernel = await createKernel({
      plugins: [datasetTemplates, datasetJsonl, methodFineTune, appIntent],
      config: { root },
    });
    try {
      const prepared = await kernel.training.prepare(join(root, recipe, 'recipe.yaml'), {
        output,
        overrides: ['train.bootstrap=0', ...smoke.set],
      });
      const { metrics } = await kernel.training.run(prepared, { logger: silentLogger, progress: () => {} });
      expect(metrics[metric]).toBeGreaterThanOrEqual(smoke.atLeast);
    } finally {
      await kernel[Symbol.asyncDispose]();
      await rm(output, { recursive: true, force: true });
    }
  });
});
