import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Refusal } from './fake-answers.js';
import { sendContent } from './fake-content.js';
import { FakeRepository } from './fake-repository.js';
import { handleUpload, type Uploads } from './fake-upload.js';
import { Faults, misbehave } from './fault.js';

/** A request as it arrived. */
export interface SeenRequest {
  readonly server: 'hub' | 'storage';
  readonly method: string;
  /** Path with its query. */
  readonly path: string;
  readonly headers: IncomingMessage['headers'];
}

export interface FakeHubOptions {
  /** Files on a page of a listing. Default: 1000. */
  readonly pageSize?: number;
  /** Uploads of more bytes than this are asked for in parts. Default: never. */
  readonly partBytes?: number;
}

/**
 * A Hugging Face Hub on this machine, for tests: revisions, listings, downloads, uploads, commits. Large files lie on a second
 * server, as they do at the real one, which refuses tokens. Both misbehave on command; see `Fault`.
 */
export class FakeHub implements AsyncDisposable {
  readonly repositories = new Map<string, FakeRepository>();
  /** What each token may do. */
  readonly tokens = new Map<string, 'read' | 'write'>();
  readonly faults = new Faults();
  readonly requests: SeenRequest[] = [];
  /** Everything in the storage, by SHA-256. */
  readonly stored = new Map<string, Buffer>();
  readonly uploads: Uploads = new Map();

  private constructor(
    readonly options: FakeHubOptions,
    private readonly hub: Server,
    private readonly storage: Server,
  ) {}

  static async start(options: FakeHubOptions = {}): Promise<FakeHub> {
    const servers = [createServer(), createServer()] as const;
    for (const server of servers) {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
    }
    const fake = new FakeHub(options, ...servers);
    const answer = (server: 'hub' | 'storage') => (request: IncomingMessage, response: ServerResponse) => {
      fake.answer(server, request, response).catch((error: unknown) => {
        const refusal = error instanceof Refusal ? error : new Refusal(500, '', String(error));
        if (response.headersSent) response.destroy();
        else refusal.send(response);
      });
    };
    servers[0].on('request', answer('hub'));
    servers[1].on('request', answer('storage'));
    return fake;
  }

  get endpoint(): string {
    return addressOf(this.hub);
  }

  /** By another name of this machine, since a different port alone is not a different host to every client. */
  get storageUrl(): string {
    return addressOf(this.storage).replace('127.0.0.1', 'localhost');
  }

  /** A repository, created when needed. */
  repository(id: string): FakeRepository {
    const found = this.repositories.get(id) ?? new FakeRepository(id);
    this.repositories.set(id, found);
    return found;
  }

  /** Requests so far that fit, as `<server> <method> <path>`. */
  seen(pattern: RegExp): readonly SeenRequest[] {
    return this.requests.filter((request) => pattern.test(lineOf(request)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of [this.hub, this.storage]) {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    }
  }

  private async answer(server: 'hub' | 'storage', request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = { server, method: request.method ?? '', path: request.url ?? '', headers: request.headers };
    this.requests.push(seen);
    const fault = this.faults.take(lineOf(seen));
    if (fault !== undefined && (await misbehave(fault, request, response))) return;
    const url = new URL(seen.path, this.endpoint);
    if (server === 'storage' && request.headers.authorization !== undefined) {
      // As S3 does when a signed link comes with a second authorization.
      throw new Refusal(400, 'TwoAuthorizations', 'Only one auth mechanism allowed');
    }
    if (!(await handleUpload(this, server, url, request, response))) {
      await sendContent(this, server, url, request, response, fault);
    }
  }
}

const lineOf = ({ server, method, path }: SeenRequest) => `${server} ${method} ${path}`;

const addressOf = (server: Server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
