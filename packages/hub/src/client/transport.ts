import { AbortError, type TransferEvent, ZooidError } from '@zooid/common';
import { HubError, HubOfflineError, HubRateLimitError, HubUnavailableError } from './errors.js';
import { readWhole } from './read-body.js';
import { type RequestSubject, responseError, withoutSecrets } from './response-error.js';
import { backoffMs, defaultRetryPolicy, pause, type RetryPolicy, requestedWaitMs } from './retry.js';
import type { HubSettings } from './settings.js';
import { readToken } from './token.js';

export interface TransportOptions {
  readonly fetch?: typeof globalThis.fetch;
  readonly retry?: Partial<RetryPolicy>;
}

export interface HubRequest {
  readonly method?: string;
  readonly headers?: NonNullable<RequestInit['headers']>;
  readonly body?: NonNullable<RequestInit['body']>;
  readonly subject: Pick<RequestSubject, 'repo' | 'revision' | 'file'> & { readonly access?: 'read' | 'write' };
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TransferEvent) => void) | undefined;
  /** The body is read too, in memory and bounded, so that one that breaks off is asked for again. Default: false. */
  readonly whole?: boolean;
  /** One attempt, which has ten seconds: for a caller who has something else to go on with. Default: false. */
  readonly hasty?: boolean | undefined;
  /** False for what must not be done twice: then only a 429 is tried again, which has done nothing. Default: true. */
  readonly repeatable?: boolean;
}

interface Failure {
  readonly error: HubUnavailableError | HubRateLimitError;
  /** What the server asks for. */
  readonly waitMs?: number;
}

const maxRedirects = 10;
const hastyMs = 10_000;
/** A listing of a hundred thousand files has a third of this. */
const maxAnswerBytes = 64 << 20;
/** A server that is down says when it may be back; longer than this we do not take its word for it. */
const maxOutageWaitMs = 60_000;

/**
 * Sends requests to the Hub. The token goes to the Hub's own origin and nowhere else: a redirect, or a link in a listing, that
 * leads to another host, port or scheme is followed without it.
 */
export class HubTransport {
  readonly retry: RetryPolicy;
  readonly #fetch: typeof globalThis.fetch;
  readonly #origin: string;
  #token: Promise<string | undefined> | undefined;

  constructor(
    readonly settings: HubSettings,
    options: TransportOptions = {},
  ) {
    this.retry = { ...defaultRetryPolicy, ...options.retry };
    this.#fetch = options.fetch ?? globalThis.fetch;
    this.#origin = new URL(settings.endpoint).origin;
  }

  /** What requests to the Hub carry, if anything. @throws HubAccessError when the token file cannot be used. */
  token(): Promise<string | undefined> {
    this.#token ??= readToken(this.settings);
    return this.#token;
  }

  /**
   * Sends and returns the first successful response, its body unread. Failures that may pass are tried again.
   *
   * @throws HubError of the kind that fits, AbortError.
   */
  async send(url: string, request: HubRequest): Promise<Response> {
    const { signal, repeatable = true, hasty = false } = request;
    let waited = 0;
    let failures = 0;
    for (;;) {
      const result = await this.#attempt(url, request);
      if (result instanceof Response) return result;
      const { error, waitMs } = result;
      AbortError.throwIfAborted(signal);
      if (hasty) throw error;
      if (error instanceof HubRateLimitError) {
        // A Hub that says when to come back is not failing, so this does not count as an attempt.
        const delay = Math.max(waitMs ?? backoffMs(this.retry, 1), 50);
        waited += delay;
        if (waited > this.retry.maxRateLimitWaitMs) throw tooLong(error, delay);
        await this.#pause(delay, error, request);
      } else {
        failures++;
        if (!repeatable || failures >= this.retry.attempts) throw error;
        await this.#pause(Math.min(waitMs ?? backoffMs(this.retry, failures), maxOutageWaitMs), error, request);
      }
    }
  }

  async #pause(waitMs: number, error: HubError, { signal, onEvent }: HubRequest): Promise<void> {
    onEvent?.({ type: 'retry', reason: error.message, waitMs: Math.round(waitMs) });
    await pause(waitMs, signal);
  }

  /** A response, or a failure that may pass. */
  async #attempt(url: string, request: HubRequest): Promise<Response | Failure> {
    let response: Response;
    try {
      response = await this.#follow(url, request);
      if (request.whole === true && response.ok) response = await this.#complete(response, request.signal);
    } catch (cause) {
      AbortError.throwIfAborted(request.signal);
      if (ZooidError.is(cause)) throw cause;
      return { error: unreachable(url, cause) };
    }
    if (response.ok) return response;
    const waitMs = requestedWaitMs(response.headers);
    const error = await responseError(response, {
      access: 'read',
      ...request.subject,
      endpoint: this.settings.endpoint,
      authorized: (await this.token()) !== undefined,
    });
    if (!(error instanceof HubUnavailableError || error instanceof HubRateLimitError)) throw error;
    return { error, ...(waitMs !== undefined && { waitMs }) };
  }

  async #complete(response: Response, signal: AbortSignal | undefined): Promise<Response> {
    const body = await readWhole(response, maxAnswerBytes, this.settings.timeoutMs, signal);
    const { status, headers } = response;
    return new Response(body.length === 0 ? null : new Uint8Array(body), { status, headers });
  }

  /** One request with its redirects. */
  async #follow(start: string, request: HubRequest): Promise<Response> {
    if (this.settings.offline) {
      throw new HubOfflineError(
        `HF_HUB_OFFLINE is set, so ${withoutSecrets(start)} is not asked; unset it to use the network`,
      );
    }
    const { method = 'GET', body } = request;
    const token = await this.token();
    let url = new URL(start);
    let trusted = true;
    for (let hops = 0; hops <= maxRedirects; hops++) {
      // Once a redirect has led elsewhere, whoever sent us back here is not to decide where the token goes.
      trusted &&= url.origin === this.#origin;
      const headers = new Headers(request.headers);
      if (hops > 0) headers.delete('authorization'); // a storage's own, meant for the first address
      headers.set('user-agent', 'zooid');
      if (trusted && token !== undefined) headers.set('authorization', `Bearer ${token}`);
      const init: RequestInit = { method, headers, redirect: 'manual', ...(body !== undefined && { body }) };
      const response = await this.#fetchWithin(url, init, request);
      const location = response.headers.get('location');
      if (![301, 302, 303, 307, 308].includes(response.status) || location === null) return response;
      await response.body?.cancel().catch(() => {});
      const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
      if (
        next === undefined ||
        !/^https?:$/.test(next.protocol) ||
        (url.protocol === 'https:' && next.protocol === 'http:')
      ) {
        throw new HubError(`the Hub redirects to '${withoutSecrets(location)}', which is not followed: only https is`, {
          url: withoutSecrets(url.href),
        });
      }
      if (method !== 'GET' && method !== 'HEAD' && (next.origin !== url.origin || response.status < 307)) {
        throw new HubError(`the Hub redirects a ${method} to ${withoutSecrets(next.href)}, which is not followed`, {
          url: withoutSecrets(url.href),
        });
      }
      url = next;
    }
    throw new HubError(`the Hub redirects more than ${maxRedirects} times`, { url: withoutSecrets(start) });
  }

  /** Gives up when no answer begins within the time limit; the body has as long as it keeps coming. */
  async #fetchWithin(url: URL, init: RequestInit, { signal, hasty = false }: HubRequest): Promise<Response> {
    const timeoutMs = hasty ? Math.min(this.settings.timeoutMs, hastyMs) : this.settings.timeoutMs;
    const limit = new AbortController();
    const stop = () => limit.abort(signal?.reason);
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    // An upload takes as long as it takes; only the answer to a request without a body can be waited for by the clock.
    const timer =
      init.body === undefined
        ? setTimeout(() => limit.abort(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
        : undefined;
    try {
      return await this.#fetch(url, { ...init, signal: limit.signal });
    } finally {
      clearTimeout(timer);
      // The body is read under the caller's own watch; see readChunks.
      signal?.removeEventListener('abort', stop);
    }
  }
}

function tooLong(error: HubRateLimitError, waitMs: number): HubRateLimitError {
  const when = `asks to wait ${Math.ceil(waitMs / 1000)} s more`;
  const hint = 'try again later, or set HF_TOKEN for a higher limit';
  return new HubRateLimitError(`${error.message}; it ${when}: ${hint}`, { cause: error, status: 429 });
}

function unreachable(url: string, cause: unknown): HubUnavailableError {
  const reason = reasonOf(cause);
  const host = URL.canParse(url) ? new URL(url).host : url;
  const hint = 'check the connection and HF_ENDPOINT, or set HF_HUB_OFFLINE=1 to use only what is cached';
  return new HubUnavailableError(`${host} cannot be reached (${reason}); ${hint}`, { cause, url: withoutSecrets(url) });
}

/** fetch hides what happened in nested causes. */
function reasonOf(error: unknown): string {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string' && cause.cause === undefined) return code;
    if (cause.cause === undefined) return cause.message || cause.name;
  }
  return String(error);
}
