import type { Random } from '@zooid/tensor';
import { brokenJson, goodBody, noise, spoil } from './odd-bodies.js';
import type { Operation } from './operations.js';

/** One attempt on a server, and what may come of it. */
export interface HostileRequest {
  readonly kind: string;
  /** As people read it. */
  readonly told: string;
  readonly payload: Buffer;
  /** The operation in whose form an error is told; absent when no route is meant: then any form will do. */
  readonly operation?: Operation;
  /**
   * `reply`: there must be one. `any`: a reply, or an end of the connection. `leave`: we go before there can be one.
   */
  readonly wants: 'reply' | 'any' | 'leave';
  readonly bodiless?: boolean;
}

/** Served so that it can be unloaded. */
export const spareName = 'spare';

interface Written {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [string, string])[];
  readonly body: Uint8Array;
}

type Make = (operation: Operation, random: Random) => Omit<HostileRequest, 'kind' | 'told'>;

const oddNames = [
  'nobody',
  '__proto__',
  'constructor',
  'toString',
  '%ff',
  '%00',
  '..%2f..%2fetc%2fpasswd',
  '..',
  '.',
  '%E6%AD%8C',
  'x'.repeat(5000),
  'a%20b',
  '*',
  '@',
  'fault@',
  '@1',
  'fault@1@2',
];

const json: readonly [string, string] = ['content-type', 'application/json'];

function write({ method, target, headers, body }: Written, close = true): Buffer {
  const lines = [
    `${method} ${target} HTTP/1.1`,
    'host: 127.0.0.1',
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...(close ? ['connection: close'] : []),
  ];
  return Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), body]);
}

const lengthOf = (body: Uint8Array): readonly [string, string] => ['content-length', String(body.length)];

/** Fills in the template: mostly with a served name, so that requests reach what lies behind it. */
function targetOf({ path }: Operation, random: Random): string {
  // Unloading is a fault only to those who did not ask for it: a model of its own is there for that.
  if (path.endsWith('/unload')) return path.replace(/\{\w+\}/, spareName);
  return path.replaceAll(/\{(\w+)\}/g, () => {
    if (random.uniform() < 0.6) return random.choice(['fault', 'vectors']);
    return random.choice(oddNames);
  });
}

function bodyOf(operation: Operation, random: Random): Buffer {
  if (!operation.takesBody) return Buffer.alloc(0);
  const good = goodBody(operation.path, 'a fine film', random.choice(['fault', 'vectors']));
  return random.uniform() < 0.5 ? Buffer.from(spoil(good, random)) : brokenJson(JSON.stringify(good), random);
}

const goodBytes = ({ path, takesBody }: Operation): Buffer =>
  takesBody ? Buffer.from(JSON.stringify(goodBody(path, 'a fine film', 'vectors'))) : Buffer.alloc(0);

const makers: Readonly<Record<string, Make>> = {
  'spoilt or broken JSON': (operation, random) => {
    const body = bodyOf(operation, random);
    const accept: readonly [string, string] = ['accept', random.choice(['*/*', '*/*', '*/*', 'text/event-stream'])];
    const headers = [json, accept, lengthOf(body)];
    return {
      operation,
      wants: 'reply',
      payload: write({ method: operation.method, target: targetOf(operation, random), headers, body }),
    };
  },
  'header flood': (operation, random) => {
    const body = goodBytes(operation);
    const flood: readonly (readonly [string, string])[] = random.choice([
      Array.from({ length: 500 + random.int(2500) }, (_, i) => [`x-${i}`, 'y'] as const),
      [['x-long', 'y'.repeat(1000 * random.int(100))]],
      [['cookie', 'a=b; '.repeat(2000)]],
      [
        ['x-request-id', 'r'.repeat(300)],
        ['x-request-id', '\x01'],
      ],
      [
        ['traceparent', '00-zz-1-1'],
        ['tracestate', ','.repeat(2000)],
      ],
      [['x-request-timeout-ms', random.choice(['0', '-1', 'NaN', '1e3', '99999999999', '5, 5', ''])]],
      [['priority', random.choice(['u=99', 'u=;;;', '\u00ff', 'u='.repeat(500)])]],
      [['accept', random.choice(['text/event-stream;q=nonsense', '*/*;'.repeat(500), '\u00ff'])]],
      [
        ['authorization', `Bearer ${'x'.repeat(5000)}`],
        ['x-api-key', '\u00ff'],
      ],
      [
        ['x-forwarded-for', '1.2.3.4,'.repeat(500)],
        ['forwarded', 'for="[::1'],
        ['host', 'evil.example'],
      ],
      [['expect', random.choice(['100-continue', 'nonsense'])]],
      [
        ['origin', 'null'],
        ['access-control-request-method', 'POST'],
        ['access-control-request-headers', ','.repeat(300)],
      ],
      [
        ['content-type', 'application/json'],
        ['content-type', 'text/plain'],
      ],
      [
        ['upgrade', random.choice(['websocket', 'h2c'])],
        ['sec-websocket-key', 'x'],
      ],
    ]);
    const headers = [json, lengthOf(body), ...flood];
    return {
      operation,
      wants: 'any',
      payload: write({ method: operation.method, target: targetOf(operation, random), headers, body }),
    };
  },
  'aborted upload': (operation, random) => {
    const body = Buffer.from(spoil(goodBody(operation.path, 'a', 'fault'), random));
    const announced: readonly [string, string] =
      random.uniform() < 0.5
        ? ['content-length', String(body.length + 1 + random.int(1_000_000))]
        : ['transfer-encoding', 'chunked'];
    const sent =
      announced[0] === 'content-length' ? body : Buffer.concat([Buffer.from(`${body.length.toString(16)}\r\n`), body]);
    const method = operation.takesBody ? operation.method : 'POST';
    const whole = write({ method, target: targetOf(operation, random), headers: [json, announced], body: sent });
    return { operation, wants: 'leave', payload: whole.subarray(0, 1 + random.int(whole.length)) };
  },
  'wrong type or encoding': (operation, random) => {
    const type = random.choice([
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'application/json; charset=utf-16',
      'application/json;;;',
      '',
      'json',
      'application/x-www-form-urlencoded',
      `application/${'x'.repeat(2000)}`,
    ]);
    const encoding = random.choice(['gzip', 'deflate', 'br', 'identity', 'gzip, gzip', 'x'.repeat(100), '']);
    const body = random.uniform() < 0.5 ? goodBytes(operation) : noise(random);
    const headers: (readonly [string, string])[] = [
      ['content-type', type],
      ['content-encoding', encoding],
      lengthOf(body),
    ];
    const method = operation.takesBody ? operation.method : 'POST';
    return {
      operation,
      wants: 'reply',
      payload: write({ method, target: targetOf(operation, random), headers, body }),
    };
  },
  'odd method': (operation, random) => {
    const method = random.choice([
      'PUT',
      'PATCH',
      'DELETE',
      'TRACE',
      'OPTIONS',
      'HEAD',
      'CONNECT',
      'PROPFIND',
      'get',
      'BREW',
      '',
    ]);
    const body = goodBytes(operation);
    const payload = write({ method, target: targetOf(operation, random), headers: [json, lengthOf(body)], body });
    return { operation, wants: 'any', bodiless: method === 'HEAD', payload };
  },
  'odd address': (operation, random) => {
    const target = targetOf(operation, random);
    const odd = random.choice([
      `${target}?${'a=b&'.repeat(500)}`,
      `${target}?__proto__[polluted]=1&constructor=2`,
      `${target}/`,
      `//${target}`,
      `${target}/../../..`,
      target.toUpperCase(),
      `${target}%`,
      `${target}%c0%af`,
      `${target}#fragment`,
      `http://evil.example${target}`,
      `http://[${target}`,
      '*',
      `/${'a/'.repeat(4000)}`,
      `/${'%2e%2e/'.repeat(20)}etc/passwd`,
      '/v1/apps/fault/\u00ff',
      `${target}\t`,
    ]);
    const body = goodBytes(operation);
    return {
      wants: 'any',
      payload: write({ method: operation.method, target: odd, headers: [json, lengthOf(body)], body }),
    };
  },
  'odd framing': (operation, random) => {
    const body = goodBytes(operation);
    const target = targetOf(operation, random);
    const framing = random.choice<readonly (readonly [string, string])[]>([
      [['content-length', '-1']],
      [['content-length', '1e3']],
      [
        ['content-length', '5'],
        ['content-length', '6'],
      ],
      [
        ['content-length', String(body.length)],
        ['transfer-encoding', 'chunked'],
      ],
      [['transfer-encoding', 'chunked, identity']],
      [['transfer-encoding', 'xchunked']],
      [['content-length', '99999999999999999999']],
      [
        ['transfer-encoding', 'chunked'],
        ['trailer', 'x'],
      ],
      [['content length', '3']],
      [['\u0000', '3']],
    ]);
    const chunks = random.choice([
      'zz\r\n\r\n',
      '0\r\n\r\n',
      'fffffffffffffffff\r\n',
      '5\r\nabc',
      '-1\r\n',
      '5;ext\r\nhello\r\n0\r\nx: y\r\n\r\n',
    ]);
    const head = write({
      method: 'POST',
      target,
      headers: [json, ...framing],
      body: Buffer.concat([Buffer.from(chunks), body]),
    });
    return { wants: 'leave', payload: head };
  },
  'pipelined garbage': (operation, random) => {
    const body = goodBytes(operation);
    const good = write(
      { method: operation.method, target: targetOf(operation, random), headers: [json, lengthOf(body)], body },
      false,
    );
    const garbage = random.choice([
      noise(random),
      Buffer.from('GET / HTTP/9.9\r\n\r\n'),
      Buffer.from('GET /\r\n\r\n'),
      Buffer.from('\r\n\r\n\r\n\r\n'),
      Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc]), // TLS says hello
      Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
      Buffer.from(`GET / HTTP/1.1\r\n${'a'.repeat(70_000)}`),
    ]);
    return { wants: 'leave', payload: Buffer.concat([...Array(random.int(4)).fill(good), garbage]) };
  },
};

/** Kinds of attempts, the most telling one more often. */
const kinds = Object.keys(makers);
export const hostileKinds: readonly string[] = [...Array(kinds.length).fill(kinds[0]), ...kinds];

/** The same for the same operations and state of `random`. */
export function hostileRequest(operations: readonly Operation[], random: Random): HostileRequest {
  const kind = random.choice(hostileKinds);
  const made = makers[kind]!(random.choice(operations), random);
  const printable = made.payload.toString('latin1', 0, 400).replaceAll(/[^ -~]+/g, '·');
  return { kind, told: `${kind}: ${printable}`, ...made };
}
