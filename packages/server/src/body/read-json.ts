import type { IncomingMessage } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TextDecoder } from 'node:util';
import { ValidationError } from '@zooid/common';
import { RequestError } from '../errors.js';
import { JsonScanner } from './json-scanner.js';
import { unsafeValues } from './unsafe-values.js';

/** Bodies above this many bytes give the event loop a turn between decoding, parsing and checking. */
const largeBytes = 131_072;

/** How much of a refused body is read and dropped, in multiples of the limit, before the connection is cut. */
const patience = 16;

export interface BodyLimits {
  readonly bytes: number;
  /** Objects and arrays: what each costs to check depends on who checks it. */
  readonly containers: number;
  /** It may be empty, and is taken for JSON whatever its content-type says. Default: false. */
  readonly lenient?: boolean;
}

/**
 * Reads a JSON body; `undefined` for one that is empty, where that is allowed.
 *
 * @throws RequestError `UNSUPPORTED_MEDIA_TYPE`, `BODY_TOO_LARGE` (also when only announced by Content-Length),
 *   `MALFORMED_JSON` (also for bytes that are not UTF-8) or `REQUEST_ABORTED`.
 * @throws ValidationError for values that no body may hold; see {@link unsafeValues}.
 */
export function readJson(request: IncomingMessage, limits: BodyLimits): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (request.readableEnded) resolve(readBefore(request, limits.lenient ?? false));
    else new Reading(request, limits, resolve, reject).begin();
  });
}

const reading = Symbol('reading');

interface Source extends IncomingMessage {
  [reading]?: Reading;
}

/** A body on its way. Its listeners are the same functions for all requests: see the decision on plain requests. */
class Reading {
  private readonly body: BodyReader;

  constructor(
    private readonly request: Source,
    private readonly limits: BodyLimits,
    private readonly resolve: (value: unknown) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.body = new BodyReader(limits);
    request[reading] = this;
  }

  begin(): void {
    const { request, limits } = this;
    try {
      checkMediaType(request, limits.lenient ?? false);
      const announced = Number(request.headers['content-length'] ?? 0);
      if (announced > limits.bytes) throw tooLarge(limits.bytes);
    } catch (error) {
      this.refuse(error);
      return;
    }
    // Listens instead of iterating: leaving a `for await` early would destroy the socket, and the refusal with it.
    request.on('data', onData).on('end', onEnd);
    // Marks the body as asked for. Node otherwise sees none of that where all of it comes with the head, and empties the
    // request once more after the reply.
    request.read(0);
    request.on('close', onClose);
  }

  take(chunk: Uint8Array): void {
    try {
      this.body.write(chunk);
    } catch (error) {
      this.refuse(error);
    }
  }

  finish(): void {
    const { body, limits } = this;
    try {
      const text = body.end();
      this.resolve(body.bytes > largeBytes ? parseInTurns(text) : parseBody(text, limits.lenient ?? false));
    } catch (error) {
      this.reject(error);
    }
  }

  close(): void {
    if (this.request.readableEnded) return;
    this.reject(new RequestError('REQUEST_ABORTED', 'The connection ended before the body did'));
  }

  private refuse(error: unknown): void {
    this.request.off('data', onData).off('end', onEnd);
    discard(this.request, this.limits.bytes);
    this.reject(error);
  }
}

function onData(this: Source, chunk: Uint8Array): void {
  this[reading]!.take(chunk);
}

function onEnd(this: Source): void {
  this[reading]!.finish();
}

function onClose(this: Source): void {
  this[reading]!.close();
}

function parseBody(text: string, lenient: boolean): unknown {
  if (text.trim() === '') {
    if (lenient) return undefined;
    throw new RequestError('MALFORMED_JSON', 'The body is empty; expected a JSON document');
  }
  return refuseUnsafe(parse(text));
}

/** Gives the event loop a turn between the steps. */
async function parseInTurns(text: string): Promise<unknown> {
  await nextTurn();
  const value = parse(text);
  await nextTurn();
  refuseUnsafe(value);
  await nextTurn();
  return value;
}

function refuseUnsafe(value: unknown): unknown {
  const issues = unsafeValues(value);
  if (issues.length > 0) throw new ValidationError('request', issues);
  return value;
}

/** The body as a parser of the application around us left it, in Express's own place for it. */
function readBefore(request: IncomingMessage & { readonly body?: unknown }, lenient: boolean): unknown {
  if (lenient && request.body === undefined) return undefined;
  if (request.body === undefined)
    throw new RequestError('MALFORMED_JSON', 'The body is empty; expected a JSON document');
  return refuseUnsafe(request.body);
}

function checkMediaType({ headers }: IncomingMessage, lenient: boolean): void {
  if (headers['content-type'] === 'application/json' && headers['content-encoding'] === undefined) return;
  const [type = '', ...parameters] = (headers['content-type'] ?? '')
    .split(';')
    .map((part) => part.trim().toLowerCase());
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice(8)
    .replaceAll('"', '');
  if (!lenient && type !== 'application/json' && !/^application\/[\w.-]+\+json$/.test(type)) {
    throw unsupported(`Expected content-type: application/json, got ${type === '' ? 'none' : type}`);
  }
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') {
    throw unsupported(`JSON is UTF-8; got charset ${charset}`);
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding !== 'identity') throw unsupported(`Bodies are read uncompressed; got content-encoding ${encoding}`);
}

/** Decodes and inspects a body piece by piece. */
class BodyReader {
  bytes = 0;
  /** The only piece of most bodies; decoded at the end, in one go. */
  private first: Uint8Array | undefined;
  private readonly parts: string[] = [];
  private decoder: TextDecoder | undefined;
  private readonly scanner: JsonScanner;

  constructor(private readonly limits: BodyLimits) {
    this.scanner = new JsonScanner(limits.containers);
  }

  write(chunk: Uint8Array): void {
    const isFirst = this.bytes === 0;
    this.bytes += chunk.length;
    if (this.bytes > this.limits.bytes) throw tooLarge(this.limits.bytes);
    this.scanner.write(chunk);
    if (isFirst) {
      this.first = chunk;
      return;
    }
    if (this.decoder === undefined) {
      this.decoder = new TextDecoder('utf-8', { fatal: true });
      this.parts.push(decode(this.decoder, this.first, { stream: true }));
      this.first = undefined;
    }
    this.parts.push(decode(this.decoder, chunk, { stream: true }));
  }

  end(): string {
    if (this.decoder === undefined) return decode(wholeText, this.first);
    this.parts.push(decode(this.decoder));
    return this.parts.join('');
  }
}

const wholeText = new TextDecoder('utf-8', { fatal: true });

function decode(decoder: TextDecoder, chunk?: Uint8Array, options?: { readonly stream: boolean }): string {
  try {
    return decoder.decode(chunk, options);
  } catch (error) {
    throw new RequestError('MALFORMED_JSON', 'The body is not valid UTF-8', {}, { cause: error });
  }
}

/**
 * Reads the rest of a refused body and drops it, so that a client which sends everything before it reads still gets
 * the refusal. One that goes on and on is cut off.
 */
function discard(request: IncomingMessage, limitBytes: number): void {
  let bytes = 0;
  request.on('error', () => {});
  request.on('data', (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > patience * limitBytes) request.destroy();
  });
  request.resume();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // V8 quotes a piece of the text around the fault; user text stays out of replies and logs.
    const position = /at position (\d+)/.exec((error as Error).message)?.[1];
    throw new RequestError(
      'MALFORMED_JSON',
      `The body is not valid JSON${position ? ` at character ${position}` : ''}`,
    );
  }
}

function tooLarge(limitBytes: number): RequestError {
  return new RequestError(
    'BODY_TOO_LARGE',
    `The body is larger than ${limitBytes} bytes; split it over several requests`,
  );
}

function unsupported(message: string): RequestError {
  return new RequestError('UNSUPPORTED_MEDIA_TYPE', message, { accept: 'application/json' });
}
