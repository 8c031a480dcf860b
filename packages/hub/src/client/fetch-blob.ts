import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { type TransferEvent, ZooidError } from '@zooid/common';
import { syncFolder } from '../atomic-file.js';
import type { CachedRepo } from './cache-layout.js';
import type { HubFile } from './checked-listing.js';
import { type ContentHash, contentHash, feedFile } from './content-hash.js';
import { HubError, HubIntegrityError, HubUnavailableError } from './errors.js';
import { readChunks } from './read-body.js';
import { withoutSecrets } from './response-error.js';
import { backoffMs, pause } from './retry.js';
import { onStorage, storageError } from './storage-error.js';
import type { HubTransport } from './transport.js';

export interface BlobRequest {
  readonly transport: HubTransport;
  readonly repo: CachedRepo;
  readonly commit: string;
  readonly file: HubFile;
  /** Do not go on with what lies there; see `Lock.afterSilence`. */
  readonly fresh: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TransferEvent) => void) | undefined;
}

/** What the caller of `receive` may do next. */
type Outcome =
  | { readonly state: 'whole' }
  | { readonly state: 'broken'; readonly cause: unknown; readonly progress: boolean };

/** Less than this in one attempt is no progress: a server may break off after every byte. */
const progressBytes = 1 << 16;
/** Progress is for eyes; a fast disk would give an event per 64 kB. */
const progressMs = 100;

/**
 * Fetches one content into the cache. The caller holds its lock. Bytes go to a partial file, which survives failures and
 * kills: the next attempt asks for the rest (`Range`), or starts again when the server sends the whole. Size and digest are
 * those of the listing, or the content does not get its name.
 *
 * @returns Bytes that came over the network.
 * @throws HubIntegrityError when what comes is not what was promised, twice; the other kinds of HubError; AbortError.
 */
export async function fetchBlob(request: BlobRequest): Promise<number> {
  const { repo, file, transport, signal, onEvent } = request;
  const partial = repo.partial(file.etag);
  await onStorage(repo.cacheFolder, () => mkdir(repo.blobs, { recursive: true }));
  if (request.fresh) await rm(partial, { force: true });
  const state: Transfer = { received: 0 };
  let failures = 0;
  let mismatches = 0;
  for (;;) {
    const outcome = await receive(request, partial, state);
    if (outcome.state === 'whole') {
      const problem = state.problem;
      if (problem === undefined) break;
      // Once may be a bad byte on the way, or the rest of another day's transfer: all of it anew.
      await rm(partial, { force: true });
      if (++mismatches > 1)
        throw new HubIntegrityError(`'${repo.repo}': ${file.path} ${problem}, twice; nothing was kept of it`);
      onEvent?.({ type: 'retry', reason: `${file.path} ${problem}`, waitMs: 0 });
      continue;
    }
    failures = outcome.progress ? 1 : failures + 1;
    if (failures >= transport.retry.attempts) throw broken(request, outcome.cause);
    const waitMs = backoffMs(transport.retry, failures);
    onEvent?.({ type: 'retry', reason: `${file.path}: ${messageOf(outcome.cause)}`, waitMs });
    await pause(waitMs, signal);
  }
  await rename(partial, repo.blob(file.etag));
  await syncFolder(repo.blobs);
  return state.received;
}

/** What attempts of one fetch leave each other. */
interface Transfer {
  /** Bytes that came over the network, in all attempts. */
  received: number;
  /** Validator of what the partial file is a part of. */
  validator?: string | undefined;
  /** What is wrong with a content that came to its end. */
  problem?: string | undefined;
}

/** One attempt: as much as comes. */
async function receive(request: BlobRequest, partial: string, state: Transfer): Promise<Outcome> {
  const { repo, file, signal } = request;
  const before = state.received;
  const target = await openPartial(repo, partial);
  try {
    let { position, hash } = await resume(target, file, partial, signal);
    if (position < file.sizeBytes) {
      const response = await ask(request, position, state);
      if (position > 0 && !continues(response, position, file.sizeBytes)) {
        ({ position, hash } = await startOver(target, file));
      }
      const part = await write(request, response, target, hash, position, state);
      if (part.cause !== undefined || part.position < file.sizeBytes) {
        const { cause = new Error(`it ended after ${part.position} of ${file.sizeBytes} bytes`) } = part;
        return { state: 'broken', cause, progress: state.received - before >= progressBytes };
      }
      position = part.position;
    }
    await target.sync();
    state.problem = mismatch(file, position, hash);
    return { state: 'whole' };
  } catch (cause) {
    throw storageError(repo.cacheFolder, cause);
  } finally {
    await target.close();
  }
}

async function openPartial({ cacheFolder }: CachedRepo, partial: string): Promise<FileHandle> {
  return onStorage(cacheFolder, () => open(partial, constants.O_RDWR | constants.O_CREAT, 0o664));
}

interface Start {
  readonly position: number;
  readonly hash: ContentHash;
}

/** Where to go on: after what is there, unless that is longer than the content. */
async function resume(
  target: FileHandle,
  file: HubFile,
  partial: string,
  signal: AbortSignal | undefined,
): Promise<Start> {
  const { size } = await target.stat();
  if (size > file.sizeBytes) return startOver(target, file);
  const hash = contentHash(file.etag, file.sizeBytes);
  await feedFile(partial, size, hash, signal);
  return { position: size, hash };
}

async function startOver(target: FileHandle, file: HubFile): Promise<Start> {
  await target.truncate(0);
  return { position: 0, hash: contentHash(file.etag, file.sizeBytes) };
}

async function ask(request: BlobRequest, position: number, state: Transfer): Promise<Response> {
  const { transport, repo, commit, file, signal, onEvent } = request;
  const path = file.path.split('/').map(encodeURIComponent).join('/');
  const url = `${transport.settings.endpoint}/${repo.repo}/resolve/${commit}/${path}`;
  const subject = { repo: repo.repo, revision: commit, file: file.path };
  const headers = { 'accept-encoding': 'identity' };
  if (position === 0) return transport.send(url, { headers, subject, signal, onEvent });
  try {
    // The address names a commit, so the content cannot change; but a storage behind it may serve another by mistake, and
    // If-Range makes it send the whole then.
    const { validator } = state;
    const rest = { ...headers, range: `bytes=${position}-`, ...(validator !== undefined && { 'if-range': validator }) };
    return await transport.send(url, { headers: rest, subject, signal, onEvent });
  } catch (error) {
    if (!(error instanceof HubError) || error.status !== 416) throw error;
    return transport.send(url, { headers, subject, signal, onEvent });
  }
}

/** Whether a response is the rest that was asked for. A server that ignores Range answers 200 with everything. */
function continues({ status, headers }: Response, position: number, sizeBytes: number): boolean {
  const [, start, size] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(headers.get('content-range') ?? '') ?? [];
  return status === 206 && Number(start) === position && (size === '*' || Number(size) === sizeBytes);
}

/** @returns Position after the last byte, and what ended the connection early, if anything did. */
async function write(
  { transport, file, signal, onEvent }: BlobRequest,
  response: Response,
  target: FileHandle,
  hash: ContentHash,
  start: number,
  state: Transfer,
): Promise<{ readonly position: number; readonly cause?: unknown }> {
  const validator = response.headers.get('etag');
  state.validator = validator?.startsWith('"') ? validator : undefined; // a weak one cannot vouch for a part
  let position = start;
  let reported = 0;
  const chunks = readChunks(response, transport.settings.timeoutMs, signal);
  try {
    for (;;) {
      const next = await chunks.next().catch((cause: unknown) => ({ cause }));
      if ('cause' in next) {
        if (ZooidError.is(next.cause)) throw next.cause;
        return { position, cause: next.cause };
      }
      if (next.done) return { position };
      const chunk = next.value;
      await writeFully(target, chunk, position);
      hash.update(chunk);
      position += chunk.byteLength;
      state.received += chunk.byteLength;
      if (position > file.sizeBytes) return { position }; // whatever this is, it is not the file
      const now = performance.now();
      if (now - reported >= progressMs || position === file.sizeBytes) {
        reported = now;
        onEvent?.({ type: 'progress', file: file.path, bytes: position, totalBytes: file.sizeBytes });
      }
    }
  } finally {
    await chunks.return();
  }
}

async function writeFully(target: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.byteLength) {
    const part = await target.write(bytes, written, bytes.byteLength - written, position + written);
    written += part.bytesWritten;
  }
}

function mismatch(file: HubFile, bytes: number, hash: ContentHash): string | undefined {
  if (bytes !== file.sizeBytes) return `has more than the ${file.sizeBytes} bytes the Hub lists`;
  const found = hash.digest();
  if (found === file.etag) return undefined;
  const kind = file.etag.length === 64 ? 'SHA-256' : 'git SHA-1';
  return `came with ${kind} ${found}, but the Hub lists ${file.etag}`;
}

function broken({ transport, repo, file }: BlobRequest, cause: unknown): HubUnavailableError {
  const message = `${file.path} of '${repo.repo}' breaks off again and again (${messageOf(cause)})`;
  const url = withoutSecrets(transport.settings.endpoint);
  return new HubUnavailableError(`${message}; what has come is kept, so the same command goes on there`, {
    cause,
    url,
  });
}

function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  return cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : error.message;
}
