import { Agent, type IncomingMessage, request as send } from 'node:http';
import { Random } from '@zooid/tensor';
import type { Outcomes } from './outcomes.js';

/** One request that a load sends over and over. */
export interface LoadRequest {
  readonly path: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface LoadOrder {
  readonly url: string;
  /** Sent in turn, or drawn by chance where there is a rate. */
  readonly requests: readonly LoadRequest[];
  /** Closed loop: each sends its next request once it has its answer. Open loop: at most so many at a time. */
  readonly connections: number;
  /** Requests a second, whenever earlier ones are answered, at random intervals (Poisson); absent: closed loop. */
  readonly rate?: number;
  /** Whether each request has an id of its own, which `Outcomes.byId` then tells. */
  readonly ids?: boolean;
  /** A closed loop waits so long after a request without an answer. */
  readonly pauseMs?: number;
}

/** No answer within this time counts as an error. */
const patienceMs = 60_000;

/**
 * Connections that are idle for longer are closed from here, long before the server's own 5 s: a request that meets the end of
 * its connection on the way has no answer, and nobody is to blame.
 */
const idleMs = 2000;

/** Puts load on a server from this thread and counts what becomes of each request. */
export class LoadClient {
  private readonly agent: Agent;
  private readonly counts = { sent: 0, answered: 0, withoutRetryAfter: 0 };
  private readonly refused: Record<string, number> = {};
  private readonly errors: Record<string, number> = {};
  private readonly models: Record<string, number> = {};
  private readonly examples: string[] = [];
  private readonly times: number[] = [];
  private readonly byId = new Map<string, number>();
  private readonly inFlight = new Set<Promise<void>>();
  private readonly began = performance.now();
  private readonly random = new Random(17);
  private stopping = false;
  private done: Promise<unknown> = Promise.resolve();

  constructor(private readonly order: LoadOrder) {
    this.agent = new Agent({ keepAlive: true, maxSockets: order.connections, timeout: idleMs });
  }

  start(): void {
    const { rate, connections } = this.order;
    this.done =
      rate === undefined ? Promise.all(Array.from({ length: connections }, () => this.loop())) : this.drive(rate);
  }

  /** What became of the requests that are answered by now. */
  get outcomes(): Outcomes {
    return {
      ...this.counts,
      refused: { ...this.refused },
      errors: { ...this.errors },
      models: { ...this.models },
      examples: [...this.examples],
      times: Float64Array.from(this.times),
      ...(this.order.ids === true && { byId: new Map(this.byId) }),
    };
  }

  /** Sends no more and waits for the answers that are due. */
  async stop(): Promise<Outcomes> {
    this.stopping = true;
    await this.done;
    await Promise.all(this.inFlight);
    this.agent.destroy();
    return this.outcomes;
  }

  private async loop(): Promise<void> {
    const { requests, pauseMs = 20 } = this.order;
    while (!this.stopping) {
      const answered = await this.exchange(requests[this.counts.sent % requests.length]!, performance.now());
      if (!answered) await new Promise((resolve) => setTimeout(resolve, pauseMs));
    }
  }

  /** Requests are due at moments drawn beforehand: one that the server delays still counts from when it was due. */
  private async drive(rate: number): Promise<void> {
    const { requests } = this.order;
    let due = performance.now();
    while (!this.stopping) {
      const now = performance.now();
      for (; due <= now; due += (-Math.log(1 - this.random.uniform()) * 1000) / rate) {
        const exchange = this.exchange(requests[this.random.int(requests.length)]!, due).then(() => {
          this.inFlight.delete(exchange);
        });
        this.inFlight.add(exchange);
      }
      await new Promise((resolve) => setTimeout(resolve, Math.max(1, due - performance.now())));
    }
  }

  /** @returns whether there was any answer. Never rejects. */
  private exchange({ path, body, headers }: LoadRequest, due: number): Promise<boolean> {
    const id = this.order.ids === true ? `load-${this.counts.sent}` : undefined;
    this.counts.sent++;
    return new Promise((resolve) => {
      let settled = false;
      const fail = (error: NodeJS.ErrnoException) => {
        if (settled) return;
        settled = true;
        const code = error.code ?? error.message;
        this.errors[code] = (this.errors[code] ?? 0) + 1;
        if (id !== undefined) this.byId.set(id, 0);
        resolve(false);
      };
      const request = send(this.order.url + path, {
        method: 'POST',
        agent: this.agent,
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          ...(id !== undefined && { 'x-request-id': id }),
          ...headers,
        },
      });
      request.setTimeout(patienceMs, () => request.destroy(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })));
      request.on('error', fail);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', fail);
        // Fires alone when the connection ends in the middle of an answer.
        response.on('close', () => fail(Object.assign(new Error('cut off'), { code: 'CUT_OFF' })));
        response.on('end', () => {
          if (settled || !response.complete) return;
          settled = true;
          this.times.push(due - this.began, performance.now() - due);
          this.count(response, Buffer.concat(chunks).toString(), id);
          resolve(true);
        });
      });
      request.end(body);
    });
  }

  private count({ statusCode: status = 0, headers }: IncomingMessage, body: string, id: string | undefined): void {
    if (id !== undefined) this.byId.set(id, status);
    if (status >= 200 && status < 300) {
      this.counts.answered++;
      // Read without parsing, which would cost a shared machine more than it tells.
      const [, model, revision] = /"model":\{"id":"([^"]*)","revision":"([^"]*)"\}/.exec(body) ?? [];
      if (model !== undefined) {
        const name = `${model}@${revision!.slice(0, 12)}`;
        this.models[name] = (this.models[name] ?? 0) + 1;
      }
      return;
    }
    this.refused[status] = (this.refused[status] ?? 0) + 1;
    if ((status === 429 || status === 503) && headers['retry-after'] === undefined) this.counts.withoutRetryAfter++;
    if (this.examples.length < 5) this.examples.push(`${status} ${body.slice(0, 300)}`);
  }
}
