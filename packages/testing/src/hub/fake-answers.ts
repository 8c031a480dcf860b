import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FakeHub } from './fake-hub.js';
import type { FakeRepository } from './fake-repository.js';

export function json(response: ServerResponse, value: unknown, headers: Readonly<Record<string, string>> = {}): void {
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8', ...headers });
  response.end(JSON.stringify(value));
}

/** An answer other than success, in the Hub's form. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    /** `X-Error-Code`. */
    readonly code: string,
    message: string,
  ) {
    super(message);
  }

  send(response: ServerResponse): void {
    response.writeHead(this.status, {
      'content-type': 'application/json',
      'x-error-code': this.code,
      'x-error-message': this.message,
      'x-request-id': 'Root=1-fake',
    });
    response.end(JSON.stringify({ error: this.message }));
  }
}

/** The repository. @throws Refusal when the request may not do this with it. */
export function permitted(
  hub: FakeHub,
  id: string,
  access: 'read' | 'write',
  request: IncomingMessage,
): FakeRepository {
  const token = request.headers.authorization?.replace(/^Bearer /, '');
  const rights = token === undefined ? undefined : hub.tokens.get(token);
  const repository = hub.repositories.get(id);
  if (token !== undefined && rights === undefined) {
    throw new Refusal(401, '', 'Invalid credentials in Authorization header');
  }
  if (repository === undefined || (repository.isPrivate && rights === undefined)) {
    // Strangers cannot tell a private repository from none.
    if (token === undefined) throw new Refusal(401, 'RepoNotFound', 'Invalid username or password.');
    throw new Refusal(404, 'RepoNotFound', 'Repository not found');
  }
  if (repository.isGated && !repository.accepted.has(token ?? '')) {
    throw new Refusal(token === undefined ? 401 : 403, 'GatedRepo', `Access to model ${id} is restricted`);
  }
  if (access === 'write' && rights !== 'write') {
    throw new Refusal(rights === undefined ? 401 : 403, '', 'You do not have the required permissions');
  }
  return repository;
}
