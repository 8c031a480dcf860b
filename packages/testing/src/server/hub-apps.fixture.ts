import { ValidationError } from '@zooid/common';
import { createKernel, type Kernel, type Limits } from '@zooid/kernel';
import { createServer, ServerConfig, type ZooidServer } from '@zooid/server';
import {
  type AnswerContext,
  type App,
  App as AppToken,
  ArrayNotEmpty,
  type DtoClass,
  HubTask,
  IsArray,
  IsBoolean,
  IsIn,
  IsInt,
  IsOptional,
  IsString,
  Min,
  MinLength,
  type TaskId,
  TextItem,
} from '@zooid/spec';
import { fakeBackend } from '../fakes/fake-backend.js';
import { fakeArtifacts } from '../fakes/fake-model.js';
import { memoryStore } from '../fakes/memory-store.js';
import { pluginOf } from '../fakes/plugin-of.js';

class PairItem extends TextItem {
  @IsOptional() @IsString() @MinLength(1) text_pair?: string;
}
class ClassificationParameters {
  @IsOptional() @IsInt() @Min(1) top_k?: number;
}
class SpanParameters {
  @IsOptional() @IsIn(['simple', 'none']) aggregation_strategy?: 'simple' | 'none';
}
class MaskParameters {
  @IsInt() @Min(1) top_k = 2;
  @IsOptional() @IsArray() @ArrayNotEmpty() @IsString({ each: true }) targets?: string[];
}
class VectorParameters {
  @IsOptional() @IsIn(['mean', 'none']) pooling?: 'mean' | 'none';
  @IsBoolean() truncate = true;
  @IsOptional() @IsBoolean() normalize?: boolean;
}
class IntentParameters {
  @IsInt() @Min(1) topK = 5;
}

/** Longest text that the vectors' model reads, in characters: each is a token. */
const maxTokens = 20;

const labels = (text: string, pair = '') => [
  { label: 'LONG', score: Math.min(1, (text.length + pair.length) / 10) },
  { label: 'SHORT', score: 1 - Math.min(1, (text.length + pair.length) / 10) },
];

/** Every word with a capital is a name. */
const names = (text: string) =>
  Array.from(text.matchAll(/[A-Z]\w*/g), ({ 0: word, index: start }) => ({
    entity_group: 'NAME',
    score: 0.5,
    word,
    start,
    end: start + word.length,
  }));

const candidates = (text: string) => [
  { score: 0.75, token: 3, token_str: '好', sequence: text.replace('[MASK]', '好') },
  { score: 0.25, token: 4, token_str: '冷', sequence: text.replace('[MASK]', '冷') },
];

/** What the fake gives for a text: exact in 32 bits. */
export const vectorOf = (text: string) => [text.length, -0.5, (text.codePointAt(0) ?? 0) / 1024];

type Run<Item, Parameters> = (items: readonly Item[], parameters: Parameters, context: AnswerContext) => unknown[];

function app<Item extends object, Parameters extends object>(
  name: string,
  task: TaskId,
  [item, parameters]: readonly [DtoClass<Item>, DtoClass<Parameters>],
  run: Run<Item, Parameters>,
  capabilities: ReadonlyMap<symbol, unknown> = new Map(),
): App {
  const whole: App<Item, Parameters> = {
    name,
    task,
    description: name,
    item,
    parameters,
    output: {},
    capabilities,
    open: async () => ({
      run: async (items, given, context = {}) => run(items, given, context),
      [Symbol.asyncDispose]: async () => {},
    }),
  };
  return whole as unknown as App;
}

const apps = [
  app('text-classification', 'text-classification', [PairItem, ClassificationParameters], (items, { top_k }) =>
    items.map(({ text, text_pair }) => labels(text, text_pair).slice(0, top_k)),
  ),
  app('token-classification', 'token-classification', [TextItem, SpanParameters], (items) =>
    items.map(({ text }) => names(text)),
  ),
  app('fill-mask', 'fill-mask', [TextItem, MaskParameters], (items, { top_k }) =>
    items.map(({ text }, index) => {
      if (text.includes('[MASK]')) return candidates(text).slice(0, top_k);
      throw new ValidationError('request', [{ path: `/inputs/${index}/text`, message: 'needs at least one [MASK]' }]);
    }),
  ),
  app('feature-extraction', 'feature-extraction', [TextItem, VectorParameters], (items, given, { onTokens }) => {
    const tooLong = items.findIndex(({ text }) => text.length > maxTokens);
    if (tooLong >= 0 && !given.truncate) {
      const path = `/inputs/${tooLong}/text`;
      throw new ValidationError('request', [
        { path, message: `has more than the ${maxTokens} tokens the model reads` },
      ]);
    }
    const lengths = items.map(({ text }) => text.length + 2);
    onTokens?.(
      lengths.reduce((sum, length) => sum + length, 0),
      lengths,
    );
    return items.map(({ text }) => (given.pooling === 'none' ? Array.from(text, vectorOf) : vectorOf(text)));
  }),
  app(
    'intent',
    'text-classification',
    [TextItem, IntentParameters],
    (items, { topK }) => items.map(({ text }) => ({ intent: 'LONG', scores: labels(text).slice(0, topK), slots: [] })),
    new Map<symbol, unknown>([
      [
        HubTask.key,
        {
          parameters: { top_k: 'topK' },
          answer: ({ scores }) => scores,
        } satisfies HubTask<{ scores: unknown }>,
      ],
    ]),
  ),
  app('echo', 'other', [TextItem, VectorParameters], (items) => items.map(({ text }) => ({ echo: text }))),
];

/** Names under which they are served. */
export const served = {
  sentiment: 'text-classification',
  names: 'token-classification',
  mask: 'fill-mask',
  vectors: 'feature-extraction',
  speaker: 'intent',
  echo: 'echo',
} as const;

export interface HubServer extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly server: ZooidServer;
  readonly url: string;
}

/** A server on loopback with an app for every task that a dialect knows, answering by rule instead of by network. */
export async function startHubServer(limits: Partial<Limits> = {}): Promise<HubServer> {
  const store = memoryStore([fakeArtifacts({ id: 'tiny', revision: 'r1' })]);
  const plugins = [store.plugin, fakeBackend().plugin, pluginOf('hub-apps', AppToken, ...apps)];
  const kernel = await createKernel({ plugins, config: { limits } });
  for (const [name, app] of Object.entries(served)) await kernel.endpoints.open(name, 'tiny', { app });
  const server = createServer({ kernel, config: Object.assign(new ServerConfig(), { port: 0 }) });
  const { url } = await server.listen();
  return {
    kernel,
    server,
    url,
    async [Symbol.asyncDispose]() {
      await server.close();
      await kernel[Symbol.asyncDispose]();
    },
  };
}

/** Posts JSON; a string is sent as it is. */
export async function post(url: string, body: unknown) {
  const reply = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  const type = reply.headers.get('content-type') ?? '';
  return { status: reply.status, type, body: JSON.parse(await reply.text()) };
}
