import type { HostileRequest } from './hostile-request.js';
import { mismatch, type Operation } from './operations.js';
import type { RawReply } from './raw-exchange.js';

/** Refusals of Node's own parser, before there is a request: they have no body, and the connection ends. */
const parserRefusals = new Set([400, 408, 413, 414, 417, 431]);

/** Shapes of a trace of calls, and of places in a program. */
const trace = /node_modules|\.[cm]?[jt]s:\d|\n {4}at |file:\/\/\/|\bat [\w.<>]+ \(/;

/** What is wrong with a reply to a hostile request; `undefined` when nothing is. */
export function faultOf(
  { status, headers, body }: RawReply,
  { operation, bodiless = false }: Pick<HostileRequest, 'operation' | 'bodiless'>,
  operations: readonly Operation[],
): string | undefined {
  if (!(status >= 200 && status < 500) && status !== 503 && status !== 504)
    return `status ${status}: ${body.slice(0, 300)}`;
  if (trace.test(body)) return `the body holds a stack trace: ${body.slice(0, 300)}`;
  if (status < 400 || bodiless) return undefined;
  if (body === '' && parserRefusals.has(status) && !headers.has('x-request-id')) return undefined;
  const type = headers.get('content-type')?.replace(/;.*/, '');
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return `the error is no JSON: ${status} ${body.slice(0, 300)}`;
  }
  // At what is no route, any form that the server has will do.
  const asked = operation === undefined || status === 404 ? operations : [operation];
  const faults = asked.map(({ replies }) => {
    const { mediaType, schema } = replies.get(String(status)) ?? replies.get('500')!;
    return mediaType === type ? mismatch(value, schema) : `its type is ${type}, not ${mediaType}`;
  });
  return faults.includes(undefined)
    ? undefined
    : `${status} not in the form of errors here: ${faults[0]}: ${body.slice(0, 300)}`;
}
