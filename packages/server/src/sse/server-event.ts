/** One event of a text/event-stream. @see https://html.spec.whatwg.org/multipage/server-sent-events.html */
export interface ServerEvent {
  /** What listeners are called by; default: `message`. One line. */
  readonly event?: string;
  /** What a reader that comes back sends as Last-Event-ID. One line, without NUL. */
  readonly id?: string;
  /** Milliseconds after which a reader that lost its connection should come back. */
  readonly retry?: number;
  /** Sent as JSON, on one line. */
  readonly data: unknown;
}

/** A line that readers skip: it keeps proxies, and readers that count silence, from giving the connection up. */
export const heartbeat = ':\n\n';

/** The event as it is sent. @throws TypeError when a field would end its line early. */
export function formatEvent({ event, id, retry, data }: ServerEvent): string {
  for (const field of [event, id]) {
    if (field !== undefined && /[\n\r\0]/.test(field)) throw new TypeError('a field of an event must be one line');
  }
  const head = `${event === undefined ? '' : `event: ${event}\n`}${id === undefined ? '' : `id: ${id}\n`}`;
  return `${head}${retry === undefined ? '' : `retry: ${retry}\n`}data: ${JSON.stringify(data)}\n\n`;
}
