import { createWriteStream } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { devNull } from 'node:os';
import { createJsonLogger, createServer, GatheredLines, hashApiKey, ServerConfig } from '@zooid/server';
import fastify from 'fastify';
import { trivialKernel, trivialName } from './trivial-app.js';

/** What every variant is sent. */
export const trivialRequest = {
  path: `/v1/apps/${trivialName}`,
  key: 'a-key-of-this-benchmark-0123456789',
  body: JSON.stringify({ inputs: 'what does a server cost?' }),
} as const;

/** Starts one variant on a free port of the loopback address. @returns Its URL. */
export type StartVariant = () => Promise<string>;

/** Servers that answer the same request alike. `zooid` is the whole server as `createServer` makes it. */
export const variants = {
  fastify: startFastify,
  zooid: () => startZooid({ keys: false, log: false }),
  'zooid-keys': () => startZooid({ keys: true, log: false }),
  'zooid-log': () => startZooid({ keys: false, log: true }),
  'zooid-keys-log': () => startZooid({ keys: true, log: true }),
} as const satisfies Readonly<Record<string, StartVariant>>;

export type VariantName = keyof typeof variants;

/** Fastify with schemas for both directions, and nothing else: no ids, logs, metrics, limits or deadlines. */
async function startFastify(): Promise<string> {
  const item = {
    type: 'object',
    required: ['text'],
    additionalProperties: false,
    properties: { text: { type: 'string', minLength: 1, maxLength: 100_000 } },
  };
  const one = { anyOf: [{ type: 'string', minLength: 1, maxLength: 100_000 }, item] };
  const body = {
    type: 'object',
    required: ['inputs'],
    additionalProperties: false,
    properties: {
      inputs: { anyOf: [...one.anyOf, { type: 'array', minItems: 1, maxItems: 1024, items: one }] },
      parameters: {
        type: 'object',
        additionalProperties: false,
        properties: { times: { type: 'integer', minimum: 1, maximum: 5, default: 1 } },
      },
    },
  };
  const reply = {
    type: 'object',
    properties: {
      outputs: {
        type: 'array',
        items: { type: 'object', properties: { text: { type: 'string' }, length: { type: 'integer' } } },
      },
      model: { type: 'object', properties: { id: { type: 'string' }, revision: { type: 'string' } } },
    },
  };
  type Item = string | { readonly text: string };
  interface Body {
    readonly inputs: Item | readonly Item[];
    readonly parameters?: { readonly times: number };
  }
  const app = fastify();
  app.post<{ Body: Body }>('/v1/apps/:name', { schema: { body, response: { 200: reply } } }, async (request) => {
    const { inputs, parameters } = request.body;
    const items: readonly Item[] = Array.isArray(inputs) ? inputs : [inputs as Item];
    const outputs = items.map((item) => {
      const text = typeof item === 'string' ? item : item.text;
      return { text, length: text.length * (parameters?.times ?? 1) };
    });
    return { outputs, model: { id: 'nothing', revision: 'nothing-1' } };
  });
  await app.listen({ port: 0, host: '127.0.0.1' });
  return `http://127.0.0.1:${(app.server.address() as AddressInfo).port}`;
}

async function startZooid({ keys, log }: { readonly keys: boolean; readonly log: boolean }): Promise<string> {
  const config = Object.assign(new ServerConfig(), {
    port: 0,
    keys: keys ? [{ name: 'benchmark', hash: hashApiKey(trivialRequest.key) }] : [],
    log: { level: 'info', access: log },
  });
  const logger = createJsonLogger('info', new GatheredLines(createWriteStream(devNull)));
  const server = createServer({ kernel: await trivialKernel(), config, ...(log && { logger }) });
  return (await server.listen()).url;
}
