import { once } from 'node:events';
import { createServer as createHttpServer, type IncomingHttpHeaders, request, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import type { Kernel } from '@zooid/kernel';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { echoKernel } from './__fixtures__/echo.js';
import { ServerConfig } from './config.js';
import { hashApiKey } from './operations/key-hash.js';
import { createServer, type ZooidServer } from './server.js';

const key = 'first-key-0123456789';

let kernel: Kernel;
let server: ZooidServer;
/** The same application with Express in front of every request, as where it is mounted. */
let throughExpress: Server;
let ports: readonly number[];
beforeAll(async () => {
  const { kernel: made, state } = await echoKernel();
  kernel = made;
  state.lexicons.set('a', { name: 'a', version: 'v0', size: 0 });
  const config = Object.assign(new ServerConfig(), {
    port: 0,
    keys: [{ name: 'a', hash: hashApiKey(key) }],
    cors: { origins: ['https://app.example'], maxAgeSeconds: 60 },
    rateLimit: { perAddress: 100_000, perKey: 100_000 },
  });
  server = createServer({ kernel, config });
  const { port } = await server.listen();
  throughExpress = createHttpServer(server.app).listen(0, '127.0.0.1');
  await once(throughExpress, 'listening');
  ports = [port, (throughExpress.address() as AddressInfo).port];
});
afterAll(async () => {
  throughExpress.closeAllConnections();
  throughExpress.close();
  await server.close();
  await kernel[Symbol.asyncDispose]();
});

interface Answer {
  readonly status: number | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

async function ask(port: number, method: string, path: string, headers: object, body?: string): Promise<Answer> {
  const sent = request({ port, method, path, host: '127.0.0.1', headers: { ...headers }, agent: false }).end(body);
  const [reply] = await once(sent, 'response');
  const { statusCode: status, headers: received } = reply as { statusCode?: number; headers: IncomingHttpHeaders };
  return { status, headers: received, body: await text(reply) };
}

/** Without what differs from one request to the next. */
function lasting({ status, headers, body }: Answer): object {
  const { date, 'x-request-id': id, 'server-timing': timing, ratelimit, ...rest } = headers;
  const phases = String(timing).replaceAll(/[\d.]+/g, '0');
  return {
    status,
    headers: rest,
    phases,
    counted: ratelimit !== undefined,
    named: id !== undefined && date !== undefined,
    body,
  };
}

const json = { 'content-type': 'application/json', 'x-api-key': key };
const good = '{"inputs":["a","b"],"parameters":{"times":2}}';
const calls: readonly (readonly [method: string, path: string, headers: object, body?: string])[] = [
  ...[
    '/',
    '/docs',
    '/livez',
    '/readyz',
    '/v1/apps',
    '/v1/apps/echo',
    '/v1/apps/nobody',
    '/v1/models',
    '/v2',
    '/nothing',
  ].flatMap((path) => [
    ['GET', path, json] as const,
    ['GET', path, {}] as const,
    ['HEAD', path, json] as const,
    ['OPTIONS', path, json] as const,
    ['DELETE', path, json] as const,
  ]),
  ...[
    '/v1/apps/echo',
    '/v1/apps/echo/',
    '/V1/Apps/echo',
    '/v1/apps/ec%68o',
    '/v1/apps/echo?x=1',
    '/models/echo',
  ].flatMap((path) => [
    ['POST', path, json, good] as const,
    ['POST', path, { ...json, origin: 'https://app.example' }, good] as const,
    ['POST', path, { ...json, accept: 'text/event-stream' }, '{"inputs":"a"}'] as const,
    ['POST', path, { ...json, 'x-request-timeout-ms': 'x' }, good] as const,
    ['POST', path, { ...json, 'x-request-timeout-ms': '20' }, '{"inputs":"never"}'] as const,
    ['POST', path, { ...json, 'content-type': 'text/plain' }, good] as const,
    ['POST', path, json, '{"inputs":""}'] as const,
    ['POST', path, json, '{"inputs":"a","parameters":{"fail":true}}'] as const,
    ['POST', path, json, '{'] as const,
    ['POST', path, json] as const,
  ]),
  ['POST', '/v1/embeddings', json, '{"model":"echo","input":"a"}'],
  ['POST', '/v2/models/echo/infer', json, '{"inputs":[{"name":"text","shape":[1],"datatype":"BYTES","data":["a"]}]}'],
  ['PUT', '/v1/apps/echo/lexicons/a', json, '{"entries":[{"surface":"a","type":"b"}]}'],
  ['GET', '/v1/apps/echo/lexicons/a', json],
  ['DELETE', '/v1/apps/echo/lexicons/none', json],
  ['OPTIONS', '/v1/apps/echo', { origin: 'https://app.example', 'access-control-request-method': 'POST' }],
  ['GET', '/v1/apps/%ff', json],
];

for (const [method, path, headers, body] of calls) {
  it(`${method} ${path} ${JSON.stringify(headers)} ${body} is answered alike past Express and through it`, async () => {
    const [past, through] = await Promise.all(ports.map((port) => ask(port, method, path, headers, body)));
    expect(lasting(past!)).toEqual(lasting(through!));
  });
}
