import { Random } from '@zooid/tensor';
import { faultOf } from './check-reply.js';
import { hostileRequest } from './hostile-request.js';
import type { Operation } from './operations.js';
import { rawExchange } from './raw-exchange.js';

export interface HostileOptions {
  readonly requests: number;
  /** Connections at a time. */
  readonly together: number;
  readonly seed: number;
}

export interface HostileOutcomes {
  readonly sent: number;
  /** Replies by status, of which one connection may have several. */
  readonly statuses: Readonly<Record<string, number>>;
  /** Requests by kind. */
  readonly kinds: Readonly<Record<string, number>>;
  /** What was not as it should be, with the request that showed it. */
  readonly faults: readonly string[];
}

/** Sends requests that no sensible client would, each on a connection of its own, and checks every reply. */
export async function sendHostile(
  url: string,
  operations: readonly Operation[],
  { requests, together, seed }: HostileOptions,
): Promise<HostileOutcomes> {
  const { hostname: host, port } = new URL(url);
  const random = new Random(seed);
  const statuses: Record<string, number> = {};
  const kinds: Record<string, number> = {};
  const faults: string[] = [];
  let sent = 0;
  const caller = async () => {
    while (sent < requests) {
      sent++;
      const request = hostileRequest(operations, random);
      const { kind, told, payload, wants, bodiless = false } = request;
      kinds[kind] = (kinds[kind] ?? 0) + 1;
      const { replies, end } = await rawExchange(payload, {
        host,
        port: Number(port),
        replies: wants === 'leave' ? Number.POSITIVE_INFINITY : 1,
        bodiless,
        ...(wants === 'leave' && { leaveAfterMs: random.int(30) }),
      });
      if (end === 'silent') faults.push(`no reply and no end: ${told}`);
      if (wants === 'reply' && replies.length === 0) faults.push(`the connection was ${end} without a reply: ${told}`);
      for (const reply of replies) {
        statuses[reply.status] = (statuses[reply.status] ?? 0) + 1;
        const fault = faultOf(reply, request, operations);
        if (fault !== undefined) faults.push(`${fault} ← ${told}`);
      }
    }
  };
  await Promise.all(Array.from({ length: together }, caller));
  return { sent, statuses, kinds, faults };
}
