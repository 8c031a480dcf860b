import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Scenario } from './scenario.js';
import { corruptReload } from './scenarios/corrupt-reload.js';
import { hostile } from './scenarios/hostile.js';
import { killWorker } from './scenarios/kill-worker.js';
import { terminate } from './scenarios/terminate.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-faults-test-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** A hundredth of what `npm run bench -- faults` does. */
const run = (scenario: Scenario) => scenario.run({ folder, scale: 0.01, log: () => {} });

// Each starts `zooid serve`, which other tests may keep from a processor for long.
describe('zooid serve', { timeout: 240_000 }, () => {
  it('loses nothing when child processes of a model are killed under load', async () => {
    const { findings, answered } = await run(killWorker);
    expect(findings).toEqual([]);
    expect(answered).toBeGreaterThan(0);
  });

  it('serves the old version on when a damaged one is reloaded under load, and says what is wrong', async () => {
    const { findings, answered } = await run(corruptReload);
    expect(findings).toEqual([]);
    expect(answered).toBeGreaterThan(0);
  });

  it('answers every request that it took when SIGTERM comes under load', async () => {
    const { findings, answered } = await run(terminate);
    expect(findings).toEqual([]);
    expect(answered).toBeGreaterThan(0);
  });

  it('answers or refuses 300 hostile requests over every route in the form of the route, and stays up', async () => {
    const { findings, sent, refused } = await run(hostile);
    expect(findings).toEqual([]);
    expect(sent).toBe(300);
    expect(Object.keys(refused)).toEqual(expect.arrayContaining(['400', '404', '415', '422']));
  });
});
