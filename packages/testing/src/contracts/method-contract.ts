import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@zooid/common';
import type { Kernel } from '@zooid/kernel';
import type { Method, Plugin, ProgressEvent, TrainingContext } from '@zooid/spec';
import { checkDto } from '@zooid/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeApp } from '../fakes/fake-app.js';
import { codeOf, itIsAPlugin, type PluginUnderTest, rejection, startKernel } from './plugin-contract.js';

export interface MethodContract extends PluginUnderTest {
  /** A recipe that trains in seconds, as YAML; its data paths may be absolute or lie beside it. */
  readonly recipe: string;
  /** Files to write beside the recipe: name → content. */
  readonly files?: Readonly<Record<string, string>>;
  readonly limits?: {
    /** The method trains any app whatever it offers; then nothing is a misfit. Default: false. */
    readonly fitsAnyApp?: boolean;
    /** Longest time for one run. Default: 120 000 ms. */
    readonly timeoutMs?: number;
  };
}

/** What every training method promises: checked options, named misfits, a model folder, honest progress, abort. */
export function describeMethodContract(plugin: Plugin, contract: MethodContract): void {
  describe(`${plugin.name} keeps the method contract`, () => {
    itIsAPlugin(plugin, contract);

    const timeout = contract.limits?.timeoutMs ?? 120_000;
    let folder: string;
    let recipe: string;
    let kernel: Kernel;
    let method: Method;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'zooid-method-'));
      recipe = join(folder, 'recipe.yaml');
      await writeFile(recipe, contract.recipe);
      for (const [name, content] of Object.entries(contract.files ?? {})) await writeFile(join(folder, name), content);
      kernel = await startKernel(plugin, contract);
      method = [...kernel.methods].at(-1)!;
    });
    afterAll(async () => {
      await kernel?.[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    });

    const train = async (output: string, context: Partial<TrainingContext> = {}) => {
      const prepared = await kernel.training.prepare(recipe, { output: join(folder, output) });
      return kernel.training.run(prepared, { logger: silentLogger, progress: () => {}, ...context });
    };

    it('describes itself', () => {
      expect(method.name).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(method.description.length).toBeGreaterThan(10);
    });

    it('refuses unknown options', () => {
      const { issues } = checkDto(method.options, { notAnOption: 1 });
      expect(issues.map(({ path }) => path)).toContain('/notAnOption');
    });

    if (contract.limits?.fitsAnyApp !== true) {
      it('says what an app lacks that it cannot train', () => {
        expect(method.misfit(fakeApp() as never)).toMatch(/\w+/);
      });
    }

    it(
      'leaves a model folder and tells how it went',
      async () => {
        const events: ProgressEvent[] = [];
        const result = await train('out', { progress: (event) => events.push(event) });
        expect(result.output).toBe(join(folder, 'out'));
        expect((await stat(result.output)).isDirectory()).toBe(true);
        expect(Object.values(result.metrics).every(Number.isFinite)).toBe(true);
        for (const event of events) {
          const line = JSON.stringify(event);
          expect(line).not.toContain('\n');
          expect(JSON.parse(line)).toEqual(event);
        }
        expect(events.at(-1)).toMatchObject({ type: 'done', output: result.output, metrics: result.metrics });
      },
      timeout,
    );

    it(
      'stops when the caller has given up',
      async () => {
        expect(codeOf(await rejection(train('aborted', { signal: AbortSignal.abort() })))).toBe('ABORTED');
      },
      timeout,
    );
  });
}
