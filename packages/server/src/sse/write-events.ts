import type { ServerResponse } from 'node:http';
import { formatEvent, heartbeat, type ServerEvent } from './server-event.js';

export interface EventStreamOptions {
  /** Called when the first event is there: what fails before it can still be told by a status. */
  readonly begin: () => void;
  /** Fires when the reader is gone or nobody wants the rest: the producer is then told to stop, and not waited for. */
  readonly signal: AbortSignal;
  /** Silence after which a comment is sent. */
  readonly heartbeatMs: number;
}

/**
 * Sends events as they come, at the pace of their reader: the next one is asked for when the connection has taken the one
 * before, so that no more than one waits in memory beside what the socket holds.
 *
 * @returns Whether the producer came to its end; false when the signal fired first. The response is left open.
 * @throws whatever the producer throws.
 */
export async function writeEvents(
  response: ServerResponse,
  events: AsyncIterable<ServerEvent>,
  { begin, signal, heartbeatMs }: EventStreamOptions,
): Promise<boolean> {
  const producer = events[Symbol.asyncIterator]();
  using stop = new Stop(signal);
  let beats: NodeJS.Timeout | undefined;
  try {
    for (;;) {
      const next = await stop.unlessFired(producer.next());
      if (next === fired) return false;
      if (beats === undefined) {
        begin();
        beats = setInterval(() => beat(response), heartbeatMs);
      }
      if (next.done === true) return true;
      const isTaken = response.write(formatEvent(next.value));
      beats.refresh();
      if (!isTaken && (await stop.unlessFired(drained(response))) === fired) return false;
    }
  } finally {
    clearInterval(beats);
    // Not waited for: a producer that is at work hears of it by the signal, and ends in its own time.
    producer.return?.()?.catch(() => {});
  }
}

/** A reader that does not read gets no comments either. */
function beat(response: ServerResponse): void {
  if (!response.writableNeedDrain) response.write(heartbeat);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once('drain', resolve);
  });
}

const fired = Symbol('fired');

/** Waits for one thing after the other, each no longer than until a signal fires. One listener serves all of them. */
class Stop implements Disposable {
  private give: () => void = () => {};
  private readonly listener = () => this.give();

  constructor(private readonly signal: AbortSignal) {
    signal.addEventListener('abort', this.listener);
  }

  unlessFired<T>(work: Promise<T>): Promise<T | typeof fired> {
    return new Promise((resolve, reject) => {
      this.give = () => resolve(fired);
      work.then(resolve, reject);
      if (this.signal.aborted) this.give();
    });
  }

  [Symbol.dispose](): void {
    this.signal.removeEventListener('abort', this.listener);
  }
}
