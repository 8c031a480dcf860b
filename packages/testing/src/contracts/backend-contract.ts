import type { Kernel } from '@zooid/kernel';
import type { Model, ModelArtifacts, ModelBackend, Plugin } from '@zooid/spec';
import type { HostTensor, TensorMap } from '@zooid/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fakeArtifacts } from '../fakes/fake-model.js';
import { codeOf, itIsAPlugin, type PluginUnderTest, rejection, startKernel } from './plugin-contract.js';

export interface BackendContract extends PluginUnderTest {
  /** A model folder the backend serves. */
  readonly artifacts: () => ModelArtifacts | Promise<ModelArtifacts>;
  /** A folder whose content it must refuse to load although it supports the kind; absent: there is none. */
  readonly damaged?: () => ModelArtifacts | Promise<ModelArtifacts>;
  /** Valid inputs, and the outputs they must give within `tolerance`. */
  readonly inputs: TensorMap;
  readonly expected: TensorMap;
  readonly tolerance?: number;
  /** Inputs to refuse, each with a word the message must contain. */
  readonly invalid: readonly { readonly why: string; readonly inputs: TensorMap; readonly says: string }[];
  readonly limits?: {
    /** Longest time, in milliseconds, that a forward pass may hold the caller's thread; absent: not checked. */
    readonly maxBlockingMs?: number;
  };
}

/** What every backend promises: cheap `supports`, exact `forward`, clear refusals, abort, release after the last call. */
export function describeBackendContract(plugin: Plugin, contract: BackendContract): void {
  describe(`${plugin.name} keeps the backend contract`, () => {
    itIsAPlugin(plugin, contract);

    let kernel: Kernel;
    let backend: ModelBackend;
    let artifacts: ModelArtifacts;
    let model: Model;
    beforeAll(async () => {
      kernel = await startKernel(plugin, contract);
      backend = [...kernel.backends].at(-1)!;
      artifacts = await contract.artifacts();
      model = await backend.load(artifacts);
    });
    afterAll(async () => {
      await model?.[Symbol.asyncDispose]();
      await kernel?.[Symbol.asyncDispose]();
    });

    it('knows what it supports, and does not throw on what it has never seen', () => {
      expect(backend.supports(artifacts)).toBe(true);
      expect(backend.supports(fakeArtifacts({ folder: '/nowhere/at/all' }))).toBe(false);
    });

    it('gives the outputs the model is known to give', async () => {
      expectClose(await model.forward(contract.inputs), contract.expected, contract.tolerance ?? 1e-4);
    });

    it('says what its graph takes and gives, where it says anything', () => {
      const names = (infos: readonly { readonly name: string }[]) => infos.map(({ name }) => name);
      if (model.inputs !== undefined) expect(names(model.inputs)).toEqual(Object.keys(contract.inputs));
      if (model.outputs !== undefined) expect(names(model.outputs)).toEqual(Object.keys(contract.expected));
    });

    it('fetches only the outputs that are asked for', async () => {
      const [name] = Object.keys(contract.expected);
      const outputs = await model.forward(contract.inputs, { outputs: [name!] });
      expect(Object.keys(outputs)).toEqual([name]);
    });

    it('names an output that does not exist', async () => {
      const error = await rejection(model.forward(contract.inputs, { outputs: ['no-such-output'] }));
      expect(codeOf(error)).toBeDefined();
      expect((error as Error).message).toContain('no-such-output');
    });

    it('answers concurrent calls as it answers one', async () => {
      const answers = await Promise.all(Array.from({ length: 8 }, () => model.forward(contract.inputs)));
      for (const answer of answers) expectClose(answer, contract.expected, contract.tolerance ?? 1e-4);
    });

    it('leaves its inputs as they were', async () => {
      const before = structuredClone(contract.inputs);
      await model.forward(contract.inputs);
      expect(contract.inputs).toEqual(before);
    });

    it.each(contract.invalid.map((request) => [request.why, request] as const))(
      'refuses %s',
      async (_, { inputs, says }) => {
        const error = await rejection(model.forward(inputs));
        expect(codeOf(error)).toBeDefined();
        expect((error as Error).message).toContain(says);
      },
    );

    it('works on after a refusal', async () => {
      await rejection(model.forward(contract.invalid[0]?.inputs ?? {}));
      expectClose(await model.forward(contract.inputs), contract.expected, contract.tolerance ?? 1e-4);
    });

    it('stops when the caller has given up', async () => {
      const error = await rejection(model.forward(contract.inputs, { signal: AbortSignal.abort() }));
      expect(codeOf(error)).toBe('ABORTED');
    });

    if (contract.damaged !== undefined) {
      it('refuses a damaged folder with one of our errors', async () => {
        expect(codeOf(await rejection(backend.load(await contract.damaged!())))).toBeDefined();
      });
    }

    const { maxBlockingMs } = contract.limits ?? {};
    if (maxBlockingMs !== undefined) {
      it(`holds the caller's thread for at most ${maxBlockingMs} ms`, async () => {
        const runs = Promise.all(Array.from({ length: 16 }, () => model.forward(contract.inputs)));
        expect(await longestPause(runs)).toBeLessThanOrEqual(maxBlockingMs);
      });
    }

    it('finishes calls in flight before it lets go, and then refuses', async () => {
      const second = await backend.load(artifacts);
      const running = second.forward(contract.inputs);
      const released = second[Symbol.asyncDispose]();
      expectClose(await running, contract.expected, contract.tolerance ?? 1e-4);
      await released;
      await expect(second[Symbol.asyncDispose]()).resolves.toBeUndefined();
      expect(codeOf(await rejection(second.forward(contract.inputs)))).toBeDefined();
    });
  });
}

function expectClose(actual: TensorMap, expected: TensorMap, tolerance: number): void {
  for (const [name, want] of Object.entries(expected)) {
    const got = actual[name] as HostTensor | undefined;
    expect(got, `output ${name}`).toBeDefined();
    expect(got!.dtype).toBe(want.dtype);
    expect(got!.dims).toEqual(want.dims);
    for (const [index, value] of Array.from<number | bigint>(want.data).entries()) {
      const difference = Math.abs(Number(got!.data[index]) - Number(value));
      expect(difference, `${name}[${index}]`).toBeLessThanOrEqual(tolerance * Math.max(1, Math.abs(Number(value))));
    }
  }
}

/** Longest time, in milliseconds, between two turns of the event loop until `work` is done. */
async function longestPause(work: Promise<unknown>): Promise<number> {
  let done = false;
  const finished = work.finally(() => {
    done = true;
  });
  let longest = 0;
  for (let last = performance.now(); !done; ) {
    await new Promise((resolve) => setImmediate(resolve));
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
  }
  await finished;
  return longest;
}
