import type { ValidationError } from '@zooid/common';
import type { Endpoint, Kernel } from '@zooid/kernel';
import { type Plugin, taskIds } from '@zooid/spec';
import { Random } from '@zooid/tensor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { difference } from './difference.js';
import { codeOf, itIsAPlugin, type PluginUnderTest, rejection, startKernel } from './plugin-contract.js';
import { roundedJson } from './rounded-json.js';

export interface AppContract extends PluginUnderTest {
  /** Which app, when the plugin provides several. */
  readonly app?: string;
  /** A model the app serves, found by the stores in `with`. */
  readonly model: string;
  /** A model that was made for something else; the app must refuse it. Absent: it accepts any. */
  readonly foreignModel?: string;
  readonly valid: { readonly inputs: readonly unknown[]; readonly parameters?: object };
  /**
   * For apps that batch the rows of concurrent requests: items of many lengths, and all kinds of parameters, which random
   * concurrent requests mix.
   */
  readonly concurrent?: { readonly inputs: readonly unknown[]; readonly parameters: readonly object[] };
  /** Requests to refuse, each with the pointer that must be named. */
  readonly invalid: readonly {
    readonly inputs: unknown;
    readonly parameters?: unknown;
    readonly pointer: string;
  }[];
  /** Labelled records, for apps that can be evaluated. */
  readonly records?: readonly unknown[];
  readonly limits?: {
    /** Decimals in which a batch and its items one by one agree; default 5. int8 models mix rows, so say fewer. */
    readonly decimals?: number;
  };
}

/** What every app promises: checked input, one JSON output per item, batches equal to single items, abort, release. */
export function describeAppContract(plugin: Plugin, contract: AppContract): void {
  describe(`${plugin.name} keeps the app contract`, () => {
    itIsAPlugin(plugin, contract);

    let kernel: Kernel;
    let endpoint: Endpoint;
    const { inputs, parameters } = contract.valid;
    const decimals = contract.limits?.decimals ?? 5;
    const run = async (items: unknown, signal?: AbortSignal): Promise<unknown[]> => {
      const answer = await kernel.endpoints.run('subject', items, parameters, signal === undefined ? {} : { signal });
      return answer.outputs;
    };

    beforeAll(async () => {
      kernel = await startKernel(plugin, contract);
      const app = contract.app ?? kernel.apps.names[0]!;
      endpoint = await kernel.endpoints.open('subject', contract.model, { app });
    });
    afterAll(() => kernel?.[Symbol.asyncDispose]());

    it('describes itself: name, task id, description, schema of its output', () => {
      const { name, task, description, output } = endpoint.app;
      expect(name).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(taskIds).toContain(task);
      expect(description.length).toBeGreaterThan(10);
      expect(output).toHaveProperty('type');
      expect(() => JSON.stringify(output)).not.toThrow();
    });

    it('answers every item with JSON that its schema describes', async () => {
      const outputs = await run(inputs);
      expect(outputs).toHaveLength(inputs.length);
      for (const output of outputs) {
        expect(JSON.parse(JSON.stringify(output))).toEqual(output);
        expectKeysOfSchema(output, endpoint.app.output);
      }
    });

    it('answers a batch as its items one by one', async () => {
      const together = await run(inputs);
      const alone = [];
      for (const item of inputs) alone.push(...(await run([item])));
      expect(roundedJson(together, decimals)).toEqual(roundedJson(alone, decimals));
    });

    it('keeps concurrent requests apart', async () => {
      const expected = await run(inputs);
      const answers = await Promise.all(inputs.map((item) => run([item])));
      expect(roundedJson(answers.flat(), decimals)).toEqual(roundedJson(expected, decimals));
    });

    if (contract.concurrent !== undefined) {
      it('answers random concurrent requests as it answers them one by one, row by row', async () => {
        const { inputs, parameters } = contract.concurrent!;
        const random = new Random(41);
        const most = 5;
        const requests = Array.from({ length: 60 }, () => ({
          items: Array.from({ length: 1 + random.int(most) }, () => inputs[random.int(inputs.length)]),
          parameters: parameters[random.int(parameters.length)]!,
        }));
        const ask = async ({ items, parameters }: (typeof requests)[number]) =>
          (await kernel.endpoints.run('subject', items, parameters)).outputs;
        const alone: unknown[][] = [];
        for (const { items, parameters } of requests) {
          const answers = [];
          for (const item of items) answers.push(...(await ask({ items: [item], parameters })));
          alone.push(answers);
        }
        let largest = 0;
        const unsubscribe = kernel.events.on('batch-dispatched', ({ rows }) => {
          largest = Math.max(largest, rows);
        });
        const together = await Promise.all(requests.map(ask));
        unsubscribe();
        expect(largest).toBeGreaterThan(most); // or nothing was mixed
        expect(difference(together, alone, 10 ** -(decimals + 1))).toBeUndefined();
      });
    }

    it('takes a string for { text }', async () => {
      const [input] = inputs;
      const text = typeof input === 'string' ? input : (input as { text: string }).text;
      expect(roundedJson(await run(text), decimals)).toEqual(roundedJson(await run({ text }), decimals));
    });

    it.each(contract.invalid.map((request) => [request.pointer, request] as const))(
      'refuses what is wrong at %s',
      async (pointer, request) => {
        const error = await rejection(kernel.endpoints.run('subject', request.inputs, request.parameters));
        expect(codeOf(error)).toBe('VALIDATION_FAILED');
        expect((error as ValidationError).issues.map(({ path }) => path)).toContain(pointer);
      },
    );

    it.each([
      ['an empty text', [''], '/inputs/0/text'],
      ['a lone surrogate', ['\ud800'], '/inputs/0/text'],
      ['an unknown field of an item', [{ text: 'x', notAField: 1 }], '/inputs/0/notAField'],
      ['a number', [7], '/inputs/0'],
    ])('refuses %s', async (_, items, pointer) => {
      const error = await rejection(kernel.endpoints.run('subject', items));
      expect((error as ValidationError).issues?.map(({ path }) => path)).toContain(pointer);
    });

    it('refuses unknown parameters', async () => {
      const error = await rejection(kernel.endpoints.run('subject', inputs, { ...parameters, notAParameter: 1 }));
      expect((error as ValidationError).issues?.map(({ path }) => path)).toContain('/parameters/notAParameter');
    });

    it('stops when the caller has given up', async () => {
      expect(codeOf(await rejection(run(inputs, AbortSignal.abort())))).toBe('ABORTED');
    });

    if (contract.foreignModel !== undefined) {
      it('refuses a model that was made for something else', async () => {
        const opening = kernel.endpoints.open('foreign', contract.foreignModel!, { app: endpoint.app.name });
        expect(codeOf(await rejection(opening))).toBeDefined();
      });
    }

    if (contract.records !== undefined) {
      it('scores labelled records', async () => {
        const { answers, metrics } = await endpoint.evaluate(contract.records!);
        expect(answers).toHaveLength(contract.records!.length);
        expect(Object.values(metrics).length).toBeGreaterThan(0);
        expect(Object.values(metrics).every(Number.isFinite)).toBe(true);
      });

      it('shows what was expected and answered as plain JSON, each kind by itself, at places of the text', async () => {
        const { cases } = await endpoint.evaluate(contract.records!);
        if (cases === undefined) return;
        const all = [...cases()];
        expect([...cases()]).toEqual(all); // made anew
        expect(JSON.parse(JSON.stringify(all))).toEqual(all);
        expect(new Set(all.map(({ index }) => index))).toEqual(new Set(contract.records!.keys()));
        const kinds = new Set(all.map(({ group, kind }) => `${group}/${kind}`));
        expect(kinds.size).toBe(new Set(all.map(({ group }) => group)).size);
        for (const shown of all) {
          if (shown.kind === 'labels') continue;
          for (const side of [shown.expected, shown.answered]) {
            let [from, end] = [0, 0];
            for (const span of side) {
              expect(span.start).toBeGreaterThanOrEqual(shown.kind === 'segments' ? end : from);
              expect(span.end).toBeGreaterThan(span.start);
              expect(span.end).toBeLessThanOrEqual(shown.text.length);
              [from, end] = [span.start, span.end];
            }
          }
        }
      });

      it('names the place of a record that cannot be scored', async () => {
        const error = await rejection(endpoint.evaluate([contract.records![0], {}]));
        expect(codeOf(error)).toBe('VALIDATION_FAILED');
        expect((error as ValidationError).issues[0]!.path).toMatch(/^\/1/);
      });
    }

    it('is opened and closed again and again, also while it runs', async () => {
      const again = await kernel.endpoints.open('again', contract.model, { app: endpoint.app.name });
      const running = again.execute(again.parse(inputs, parameters));
      await kernel.endpoints.close('again');
      await expect(running).resolves.toHaveProperty('outputs');
      await kernel.endpoints.open('again', contract.model, { app: endpoint.app.name });
      await kernel.endpoints.close('again');
    });
  });
}

/** Own words of JSON Schema that matter here: required keys are there, and no key is undescribed. */
function expectKeysOfSchema(output: unknown, schema: Readonly<Record<string, unknown>>): void {
  if (schema.type !== 'object') return;
  const keys = Object.keys(output as object);
  expect(keys).toEqual(expect.arrayContaining((schema.required as string[] | undefined) ?? []));
  if (schema.properties !== undefined) {
    expect(Object.keys(schema.properties as object)).toEqual(expect.arrayContaining(keys));
  }
}
