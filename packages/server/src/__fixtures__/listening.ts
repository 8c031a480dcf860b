import type { Kernel } from '@zooid/kernel';
import { expect } from 'vitest';
import { ServerConfig } from '../config.js';
import { createJsonLogger } from '../operations/json-logger.js';
import { createServer, type ZooidServer } from '../server.js';

/** A server with its log, and calls to it. */
export class Listening implements AsyncDisposable {
  url = '';
  readonly logged: string[] = [];
  private server: ZooidServer | undefined;

  constructor(private readonly kernel: Kernel) {}

  /** Replaces the server that runs by one with these settings. */
  async start(overrides: Partial<ServerConfig> = {}): Promise<void> {
    await this[Symbol.asyncDispose]();
    this.logged.length = 0;
    const logger = createJsonLogger('info', { write: (line) => this.logged.push(line) });
    const config = Object.assign(new ServerConfig(), { port: 0, ...overrides });
    this.server = createServer({ kernel: this.kernel, config, logger });
    this.url = (await this.server.listen()).url;
  }

  post(body: unknown = { inputs: 'a' }, headers: Record<string, string> = {}, path = '/v1/apps/echo') {
    return fetch(this.url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });
  }

  entries(): Record<string, unknown>[] {
    return this.logged.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server?.close();
    this.server = undefined;
  }
}

/** The problem's code, after a check of its form. */
export async function codeOf(reply: Response, status: number): Promise<string> {
  expect([reply.status, reply.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
  return ((await reply.json()) as { code: string }).code;
}
