import type { IncomingMessage, ServerResponse } from 'node:http';
import { readJson } from './body/read-json.js';
import { type Connection, ConnectionAbort } from './connection-abort.js';
import { RequestError } from './errors.js';
import { type Deadlines, type Due, deadlineError, deadlineOf } from './operations/deadline.js';
import type { ManageGuard } from './operations/management.js';
import { keepRecord, type RequestRecord } from './operations/request-record.js';
import type { Outbox, Outgoing } from './outbox.js';
import type { Match } from './route-table.js';
import type { Call, Reply } from './routes/route.js';
import { formatEvent, type ServerEvent } from './sse/server-event.js';
import { writeEvents } from './sse/write-events.js';
import { headOf, writeReply } from './write-reply.js';

/** A range of Accept that names event streams and does not refuse them. */
const eventStream = /^\s*text\/event-stream\s*(?:;(?!\s*q=0(?:\.0*)?\s*(?:;|$)).*)?$/i;

/** What all requests share. */
export interface Terms {
  readonly bodyLimitBytes: number;
  /** Longest a request may take to its reply. */
  readonly deadlineMs: number;
  readonly deadlines: Deadlines;
  readonly outbox: Outbox;
  readonly isDraining: () => boolean;
  readonly guardManagement: ManageGuard;
  readonly heartbeatMs: number;
  /** What to tell the caller of what went wrong. @param path Says in whose words. */
  readonly refusal: (error: unknown, path: string, request: IncomingMessage, record: RequestRecord) => Reply;
}

/** One request that has its route, on the way to its reply. */
export class Exchange implements Call, Due, Outgoing {
  private gone: ConnectionAbort | undefined = undefined;
  private milliseconds = 0;
  /** When it has to be answered, on the clock of `performance.now()`. */
  dueAt = 0;
  slot = -1;
  private settled = false;
  private isStreaming = false;
  /** On its way. */
  private reply: Reply | undefined = undefined;

  constructor(
    private readonly match: Match,
    private readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    private readonly record: RequestRecord,
    private readonly terms: Terms,
  ) {
    record.route = match.route.path;
  }

  get parameters(): Readonly<Record<string, string>> {
    return this.match.parameters;
  }

  get wantsEvents(): boolean {
    const { accept = '' } = this.request.headers;
    return accept.includes('event-stream') && accept.split(',').some((range) => eventStream.test(range));
  }

  get signal(): AbortSignal {
    this.gone ??= this.watch();
    return this.gone.signal;
  }

  // A method and not a function of its own: V8 keeps such functions, and through them whole requests, for long.
  body(containers: number, lenient = false): Promise<unknown> {
    return readJson(this.request, { bytes: this.terms.bodyLimitBytes, containers, lenient });
  }

  /** Asks the route and answers, in time or not. */
  start(): void {
    const { match, request, record, terms } = this;
    try {
      if (terms.isDraining() && match.route.always !== true) {
        throw new RequestError('DRAINING', 'The server is shutting down', { 'retry-after': '5', connection: 'close' });
      }
      if (match.route.manages === true) terms.guardManagement(request, record);
      this.milliseconds = deadlineOf(request, terms.deadlineMs);
      const reply = match.route.handle(this);
      if (reply instanceof Promise) {
        this.dueAt = record.started + this.milliseconds;
        terms.deadlines.add(this);
        void this.conclude(reply);
      } else this.answer(reply);
    } catch (error) {
      this.fail(error);
    }
  }

  /** The caller is told at once; then the work is ended, where it can be ended. */
  expire(): void {
    this.fail(deadlineError(this.request, this.milliseconds));
    this.gone?.abort();
  }

  private async conclude(pending: Promise<Reply>): Promise<void> {
    try {
      const reply = await pending;
      if (reply.events === undefined) this.answer(reply);
      else await this.stream(reply, reply.events);
    } catch (error) {
      this.fail(error);
    }
  }

  private async stream(reply: Reply, events: AsyncIterable<ServerEvent>): Promise<void> {
    const { response, record, signal, terms } = this;
    const begin = () => {
      this.isStreaming = true;
      response.writeHead(reply.status, headOf(reply, record));
    };
    const isWhole = await writeEvents(response, events, { begin, signal, heartbeatMs: terms.heartbeatMs });
    if (isWhole && this.settle()) this.end('');
  }

  private answer(reply: Reply): void {
    if (!this.settle()) return;
    this.release();
    this.reply = reply;
    this.terms.outbox.add(this);
  }

  /** For {@link Outbox} alone. */
  write(): void {
    try {
      writeReply(this.response, this.record, this.reply!, this.terms.isDraining());
    } catch (error) {
      this.refuse(error); // what the app answered cannot be written as JSON
    }
  }

  private fail(error: unknown): void {
    if (this.settle()) this.refuse(error);
  }

  private refuse(error: unknown): void {
    const { match, request, response, record, terms } = this;
    const reply = terms.refusal(error, match.path, request, record);
    if (this.isStreaming) this.end(formatEvent({ event: 'error', data: reply.json }));
    else writeReply(response, record, reply, terms.isDraining());
  }

  /** The last words of a stream. */
  private end(text: string): void {
    const { response, request, terms } = this;
    this.release();
    // Its head promised to keep the connection, which would hold up the exit.
    if (terms.isDraining()) response.once('finish', () => request.socket.destroySoon());
    response.end(text);
  }

  /** The next request of the connection may have the signal. */
  private release(): void {
    this.record.onLeft = undefined;
    this.gone?.release();
  }

  /** Whether this is the first outcome. */
  private settle(): boolean {
    if (this.settled) return false;
    this.settled = true;
    this.terms.deadlines.delete(this);
    return true;
  }

  private watch(): ConnectionAbort {
    const gone = new ConnectionAbort(this.request.socket as Connection);
    keepRecord(this.record, gone.signal);
    this.record.onLeft = gone;
    if (this.settled || this.response.destroyed) gone.abort();
    return gone;
  }
}
