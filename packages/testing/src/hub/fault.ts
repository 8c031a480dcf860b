import type { IncomingMessage, ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

/** One way of misbehaving. */
export interface Fault {
  /** Requests it applies to: `<server> <method> <path>`, for example `/storage GET/` or `/tree/`. */
  readonly on: RegExp;
  /** How often. Default: once. */
  readonly times?: number;
  /** Answers with this status instead. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Answers with this body instead. */
  readonly body?: string;
  /** Ends the connection before any answer. */
  readonly drop?: boolean;
  /** Ends the connection after this many bytes of the body. */
  readonly cutAt?: number;
  /** Sends this many bytes of the body, and then nothing more. */
  readonly stallAt?: number;
  /** Flips a bit of this byte of the body. */
  readonly corruptAt?: number;
  /** Sends more bytes after the body. */
  readonly append?: number;
  /** Pauses this long before every 64 kB of the body. */
  readonly delayMs?: number;
  /** Answers only when this is fulfilled. */
  readonly until?: Promise<unknown>;
  /** Sends everything with 200 though a part was asked for. */
  readonly ignoreRange?: boolean;
}

/** Faults that are still to happen, in order. */
export class Faults {
  readonly #left: { readonly fault: Fault; times: number }[] = [];

  add(...faults: readonly Fault[]): void {
    for (const fault of faults) this.#left.push({ fault, times: fault.times ?? 1 });
  }

  clear(): void {
    this.#left.length = 0;
  }

  /** The next fault for a request, if any; it is used up by this. */
  take(request: string): Fault | undefined {
    const found = this.#left.find(({ fault, times }) => times > 0 && fault.on.test(request));
    if (found !== undefined) found.times--;
    return found?.fault;
  }
}

/** Does what a fault says before the honest answer. True when there will be none. */
export async function misbehave(fault: Fault, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
  await fault.until;
  if (fault.drop === true) {
    request.socket.destroy();
    return true;
  }
  if (fault.status === undefined && fault.body === undefined) return false;
  request.resume();
  response.writeHead(fault.status ?? 200, { 'content-type': 'application/json', ...fault.headers });
  response.end(fault.body ?? '{}');
  return true;
}

/** Sends a body as the fault wants it. */
export async function sendBody(response: ServerResponse, honest: Buffer, fault: Fault | undefined): Promise<void> {
  const body = Buffer.from(honest);
  if (fault?.corruptAt !== undefined && fault.corruptAt < body.length) body[fault.corruptAt]! ^= 1;
  const end = fault?.cutAt ?? fault?.stallAt ?? body.length;
  const step = 1 << 16;
  for (let start = 0; start < end; start += step) {
    if (fault?.delayMs !== undefined) await sleep(fault.delayMs);
    if (response.destroyed) return;
    await write(response, body.subarray(start, Math.min(start + step, end)));
  }
  if (fault?.cutAt !== undefined) response.socket?.destroy();
  else if (fault?.stallAt === undefined) {
    if (fault?.append !== undefined) await write(response, Buffer.alloc(fault.append, 0x2a));
    response.end();
  }
}

function write(response: ServerResponse, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => response.write(bytes, () => resolve()));
}
