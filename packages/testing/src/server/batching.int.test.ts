import { Batcher } from '@zooid/batcher';
import { createKernel, type Kernel } from '@zooid/kernel';
import { createServer, ServerConfig, type ZooidServer } from '@zooid/server';
import { App, type AppInstance, NoParameters, TextItem } from '@zooid/spec';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeBackend } from '../fakes/fake-backend.js';
import { fakeArtifacts } from '../fakes/fake-model.js';
import { gate } from '../fakes/gate.js';
import { memoryStore } from '../fakes/memory-store.js';
import { pluginOf } from '../fakes/plugin-of.js';

let passes: string[][];
let waiting: () => number;
let release: ReturnType<typeof gate>;
let kernel: Kernel;
let server: ZooidServer;
let url: string;

/** Vectors of one number, the length of the text; passes run one at a time, and none ends before the gate is opened. */
const vectors: App<TextItem, NoParameters, number[]> = {
  name: 'vectors',
  task: 'feature-extraction',
  description: 'Vectors of one number',
  item: TextItem,
  parameters: NoParameters,
  output: { type: 'array', items: { type: 'number' } },
  async open(_, { batching }): Promise<AppInstance<TextItem, NoParameters, number[]>> {
    const batcher = new Batcher<string, number[]>({
      ...batching,
      lengthOf: (text) => text.length,
      run: async (texts) => {
        passes.push([...texts]);
        await release.opened;
        return texts.map((text) => [text.length]);
      },
    });
    waiting = () => batcher.queued.rows;
    return {
      run: (items, _, context) =>
        batcher.submit(
          items.map(({ text }) => text),
          context,
        ),
      async [Symbol.asyncDispose]() {},
    };
  },
};

beforeEach(async () => {
  passes = [];
  release = gate();
  kernel = await createKernel({
    plugins: [
      memoryStore([fakeArtifacts({ id: 'm', manifest: { app: 'vectors' } })]).plugin,
      fakeBackend().plugin,
      pluginOf('app-vectors', App, vectors as unknown as App),
    ],
    config: { batching: { deterministic: true, maxQueuedRows: 2 } },
  });
  await kernel.endpoints.open('vectors', 'm');
  server = createServer({ kernel, config: Object.assign(new ServerConfig(), { port: 0 }) });
  ({ url } = await server.listen());
});
afterEach(async () => {
  release.open();
  await server.close();
  await kernel[Symbol.asyncDispose]();
});

const post = (path: string, body: unknown, init: RequestInit = {}) =>
  fetch(url + path, {
    method: 'POST',
    ...init,
    headers: { 'content-type': 'application/json', ...init.headers },
    body: JSON.stringify(body),
  });
const ask = (text: string, init?: RequestInit) => post('/v1/apps/vectors', { inputs: text }, init);
const isBusyWith = (rows: number) => expect.poll(() => [passes.length, waiting()]).toEqual([1, rows]);

describe('requests to a model that is busy', () => {
  it('wait in line, and are refused in the words of their dialect when it is full', async () => {
    const running = ask('a');
    await isBusyWith(0);
    const inLine = [ask('bb'), ask('ccc')];
    await isBusyWith(2);
    const refusals: [string, unknown][] = [
      ['/v1/apps/vectors', { inputs: 'x' }],
      ['/models/vectors', { inputs: 'x' }],
      ['/v2/models/vectors/infer', { inputs: [{ name: 'text', shape: [1], datatype: 'BYTES', data: ['x'] }] }],
      ['/v1/embeddings', { model: 'vectors', input: 'x' }],
    ];
    for (const [path, body] of refusals) {
      const reply = await post(path, body);
      expect([path, reply.status, reply.headers.get('retry-after')]).toEqual([path, 429, '1']);
      expect(JSON.stringify(await reply.json())).toContain('at most 2 rows wait for the model');
    }
    release.open();
    const answers = await Promise.all([running, ...inLine].map(async (reply) => (await reply).json()));
    expect(answers).toMatchObject([1, 2, 3].map((length) => ({ outputs: [[length]] })));
  });

  it('go by their Priority header, and say how long they were in line', async () => {
    const running = ask('first');
    await isBusyWith(0);
    const patient = ask('patient', { headers: { priority: 'u=7' } });
    await isBusyWith(1);
    const urgent = ask('urgent', { headers: { priority: 'u=0, i' } });
    await isBusyWith(2);
    release.open();
    const replies = await Promise.all([running, patient, urgent]);
    expect(passes).toEqual([['first'], ['urgent'], ['patient']]);
    const [, queue, run] =
      /^queue;dur=([\d.]+), run;dur=([\d.]+), /.exec(replies[1]!.headers.get('server-timing') ?? '') ?? [];
    expect(Number(queue)).toBeGreaterThan(Number(run));
  });

  it('leave the line when their callers hang up', async () => {
    const running = ask('a');
    await isBusyWith(0);
    const leaving = new AbortController();
    const gone = ask('bb', { signal: leaving.signal }).catch(({ name }) => name);
    await isBusyWith(1);
    leaving.abort();
    expect(await gone).toBe('AbortError');
    await isBusyWith(0);
    release.open();
    expect(await (await running).json()).toMatchObject({ outputs: [[1]] });
    expect(passes).toEqual([['a']]);
  });
});
