import type { ServerResponse } from 'node:http';
import type { RequestRecord } from './operations/request-record.js';
import type { Reply } from './routes/route.js';
import { securityHeaders } from './security-headers.js';

const always: Readonly<Record<string, string>> = { ...securityHeaders, 'cache-control': 'no-store' };
const jsonHeaders: Readonly<Record<string, string>> = { ...always, 'content-type': 'application/json; charset=utf-8' };

/** The last is for nginx, which otherwise gathers events before it passes them on. */
const eventHeaders = { 'content-type': 'text/event-stream; charset=utf-8', 'x-accel-buffering': 'no' };

/** Names and values in turn, as Node writes them fastest; what differs from reply to reply is filled in. */
const plainHead = [
  ...Object.entries(jsonHeaders).flat(),
  'x-request-id',
  '',
  'server-timing',
  '',
  'content-length',
  '',
];
const plainSlots = plainHead.length;

/** Writes a whole reply, with what every reply carries: its request's id and where its time went. */
export function writeReply(response: ServerResponse, record: RequestRecord, reply: Reply, closes = false): void {
  if (response.destroyed) return;
  if (response.headersSent) return void response.destroy(); // nothing that would be understood can follow
  const { status, headers, json, text = json === undefined ? '' : JSON.stringify(json) } = reply;
  let head: string[];
  if (headers === undefined && json !== undefined && status !== 204) {
    head = plainHead.slice();
    head[plainSlots - 5] = record.id;
    head[plainSlots - 3] = record.serverTiming;
    head[plainSlots - 1] = String(Buffer.byteLength(text));
  } else {
    head = headOf(reply, record);
    if (status !== 204) head.push('content-length', String(Buffer.byteLength(text)));
  }
  if (closes) head.push('connection', 'close'); // or the kept connection would hold up the exit
  response.writeHead(status, head);
  response.end(text);
}

/** @returns Names and values in turn. */
export function headOf({ headers, json, events }: Reply, { id, serverTiming }: RequestRecord): string[] {
  const head = Object.entries({
    ...(json === undefined ? always : jsonHeaders),
    ...(events && eventHeaders),
    ...headers,
  }).flat();
  head.push('x-request-id', id, 'server-timing', serverTiming);
  return head;
}
