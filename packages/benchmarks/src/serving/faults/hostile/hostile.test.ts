import { Random } from '@zooid/tensor';
import { describe, expect, it } from 'vitest';
import { faultOf } from './check-reply.js';
import { hostileRequest } from './hostile-request.js';
import { mismatch, type Operation } from './operations.js';
import { parseReplies, type RawReply } from './raw-exchange.js';

describe('parseReplies', () => {
  const parse = (text: string, bodiless = false) => parseReplies(Buffer.from(text), bodiless);

  it('takes replies apart by their lengths and chunks, and leaves what is not complete', () => {
    const whole = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi';
    const chunked = 'HTTP/1.1 404 Not Found\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n';
    const { replies, rest } = parse(`HTTP/1.1 100 Continue\r\n\r\n${whole}${chunked}${whole.slice(0, -1)}`);
    expect(replies.map(({ status, body }) => [status, body])).toEqual([
      [200, 'hi'],
      [404, 'abcd'],
    ]);
    expect(rest).toBe(whole.length - 1);
  });

  it('knows replies that have no body whatever their length says', () => {
    expect(parse('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n', true).replies).toHaveLength(1);
    expect(parse('HTTP/1.1 204 No Content\r\n\r\n').replies).toHaveLength(1);
  });
});

const schema = {
  type: 'object',
  required: ['error'],
  properties: { error: { type: 'object', required: ['code'], properties: { code: { type: ['string', 'null'] } } } },
};
const operation: Operation = {
  method: 'POST',
  path: '/v1/apps/{name}',
  takesBody: true,
  replies: new Map([['500', { mediaType: 'application/json', schema }]]),
};

it.each([
  [{ error: { code: null } }, undefined],
  [{ error: { code: 'X', more: 1 } }, undefined],
  [{ error: {} }, '/error/code is missing'],
  [{ error: { code: 1 } }, '/error/code is not string or null'],
  [{ error: [] }, '/error is not object'],
  ['text', '/ is not object'],
])('mismatch of %j is %j', (value, expected) => {
  expect(mismatch(value, schema)).toBe(expected);
});

describe('faultOf', () => {
  const fault = (
    status: number,
    body: string,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ) => {
    const reply: RawReply = { status, body, headers: new Map(Object.entries(headers)) };
    return faultOf(reply, { operation }, [operation]);
  };

  it('finds nothing wrong with answers, deliberate refusals and what the parser says', () => {
    expect(fault(200, '{}')).toBeUndefined();
    expect(fault(422, '{"error":{"code":"X"}}')).toBeUndefined();
    expect(fault(503, '{"error":{"code":null}}')).toBeUndefined();
    expect(fault(400, '', { connection: 'close' })).toBeUndefined();
  });

  it.each([
    [500, '{"error":{"code":"X"}}', /^status 500/],
    [502, '', /^status 502/],
    [200, '{"x":"at run (/srv/app.js:12:3)"}', /stack trace/],
    [404, '<pre>Cannot GET /</pre>', /no JSON/],
    [422, '{"detail":"x"}', /error is missing/],
  ])('finds fault with %i %s', (status, body, expected) => {
    expect(fault(status, body)).toMatch(expected);
  });

  it('finds fault with an error of another type, and with an empty one of ours', () => {
    expect(fault(422, '{"error":{"code":"X"}}', { 'content-type': 'text/plain' })).toMatch(/its type is text\/plain/);
    expect(fault(400, '', { 'x-request-id': 'r1' })).toMatch(/no JSON/);
  });
});

it('makes the same requests from the same seed, of every kind', () => {
  const make = (seed: number) => {
    const random = new Random(seed);
    return Array.from({ length: 300 }, () => hostileRequest([operation], random));
  };
  const requests = make(1);
  expect(make(1).every(({ payload }, i) => payload.equals(requests[i]!.payload))).toBe(true);
  expect(make(2).every(({ payload }, i) => payload.equals(requests[i]!.payload))).toBe(false);
  expect(new Set(requests.map(({ kind }) => kind)).size).toBe(8);
  expect(requests.every(({ payload }) => payload.length > 0)).toBe(true);
});
