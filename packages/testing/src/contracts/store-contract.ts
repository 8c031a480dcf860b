import { isAbsolute } from 'node:path';
import type { Kernel } from '@zooid/kernel';
import type { ModelStore, ModelSummary, Plugin } from '@zooid/spec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { codeOf, itIsAPlugin, type PluginUnderTest, rejection, startKernel } from './plugin-contract.js';

export interface StoreContract extends PluginUnderTest {
  /** A model the store has. */
  readonly known: string;
  /** One whose files do not match its manifest; absent: the store cannot hold such. */
  readonly damaged?: string;
  readonly limits?: {
    /** The store knows models that it does not list, such as those of a whole Hub. Default: false. */
    readonly listsPartly?: boolean;
  };
}

/** What every store promises: verified folders with a stable revision, `undefined` for what it does not know. */
export function describeStoreContract(plugin: Plugin, contract: StoreContract): void {
  describe(`${plugin.name} keeps the store contract`, () => {
    itIsAPlugin(plugin, contract);

    let kernel: Kernel;
    let store: ModelStore;
    beforeAll(async () => {
      kernel = await startKernel(plugin, contract);
      store = [...kernel.stores].at(-1)!;
    });
    afterAll(() => kernel?.[Symbol.asyncDispose]());

    it('finds a model it has, with config and revision', async () => {
      const found = await store.find(contract.known);
      expect(found).toBeDefined();
      expect(isAbsolute(found!.folder)).toBe(true);
      expect(found!.revision).not.toBe('');
      expect(typeof found!.config).toBe('object');
    });

    it('gives the same revision while nothing changes', async () => {
      const [first, second] = [await store.find(contract.known), await store.find(contract.known)];
      expect(second!.revision).toBe(first!.revision);
    });

    it.each(['no/such-model-at-all', 'x', 'UPPER Case & spaces', '../escape', '字'])(
      'does not know %j and says so by undefined',
      async (reference) => {
        await expect(store.find(reference)).resolves.toBeUndefined();
      },
    );

    if (contract.damaged !== undefined) {
      it('refuses a model whose files do not match its manifest', async () => {
        expect(codeOf(await rejection(store.find(contract.damaged!)))).toBeDefined();
      });
    }

    it('lists what it has, each id once', async () => {
      const summaries: ModelSummary[] = [];
      for await (const summary of store.list()) summaries.push(summary);
      const ids = summaries.map(({ id }) => id);
      expect(new Set(ids).size).toBe(ids.length);
      expect(summaries.every(({ store: name }) => name === store.name)).toBe(true);
      if (contract.limits?.listsPartly !== true) expect(ids).toContain(contract.known);
    });

    it('leaves names of other forms to other stores when it fetches or publishes', async () => {
      for (const reference of ['x', '../escape', '/absolute/path']) {
        await expect(store.pull?.(reference) ?? Promise.resolve(undefined)).resolves.toBeUndefined();
        await expect(store.push?.('.', reference) ?? Promise.resolve(undefined)).resolves.toBeUndefined();
      }
    });

    it('stops when the caller has given up', async () => {
      const error = await rejection(store.find(contract.known, { signal: AbortSignal.abort() }));
      expect(codeOf(error)).toBe('ABORTED');
    });
  });
}
