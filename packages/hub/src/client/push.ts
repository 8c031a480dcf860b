import { stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AbortError, type TransferEvent, ZooidError } from '@zooid/common';
import { IntegrityError, ModelFolderError } from '../errors.js';
import { cardFile, listModelFiles } from '../model-folder/file-list.js';
import { type ModelManifest, manifestFile } from '../model-folder/manifest.js';
import { readModelFolder } from '../model-folder/read-model-folder.js';
import type { HubFile } from './checked-listing.js';
import { hashFile } from './content-hash.js';
import { HubAccessError, HubError, HubIntegrityError, HubNotFoundError, HubOfflineError } from './errors.js';
import { defaultRevision } from './reference.js';
import { libraryFetch, listFiles, type RequestContext, resolveCommit } from './repository.js';
import type { HubRequest, HubTransport } from './transport.js';

export interface PushRequest {
  /** A model folder with a manifest. */
  readonly folder: string;
  /** `org/name`. */
  readonly repo: string;
  /** Branch to commit to. Default: `main`. */
  readonly branch?: string | undefined;
  readonly message?: string | undefined;
  readonly create?: boolean | undefined;
  readonly private?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((event: TransferEvent) => void) | undefined;
}

export interface PushedSnapshot {
  readonly commit: string;
  readonly url: string;
  readonly files: number;
  readonly bytes: number;
}

interface LocalFile {
  readonly path: string;
  readonly absolute: string;
  readonly sizeBytes: number;
}

/**
 * Publishes a model folder as one commit: every file of its manifest, the manifest and the card. Before anything is sent, the
 * folder must be exactly what its manifest says; afterwards the commit must hold exactly what was sent. Large files go the way
 * the Hub asks for, LFS or Xet. Files that the repository has besides stay.
 *
 * @throws ModelFolderError, IntegrityError for the folder; HubError of the kind that fits for the rest; AbortError.
 */
export async function pushFolder(transport: HubTransport, request: PushRequest): Promise<PushedSnapshot> {
  const { repo, signal, progress } = request;
  const branch = request.branch ?? defaultRevision;
  const { manifest, files } = await publishedFiles(resolve(request.folder), signal);
  if (transport.settings.offline)
    throw new HubOfflineError('HF_HUB_OFFLINE is set, so nothing can be pushed; unset it');
  if ((await transport.token()) === undefined) {
    throw new HubAccessError(`pushing to '${repo}' needs an access token; set HF_TOKEN to one with write permission`);
  }
  const context: RequestContext = { signal, onEvent: progress };
  const parent = await parentCommit(transport, request, branch, context);
  const bytes = files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  progress?.({ type: 'plan', model: repo, revision: parent, files: files.length, bytes });

  const message = request.message ?? `Publish ${manifest.id} ${manifest.revision.slice(0, 12)}`;
  const { commit, url } = await commitFiles(transport, request, { branch, parent, message, files });
  const listing = await listFiles(transport, repo, commit, context);
  await compare(repo, commit, files, listing, signal);
  return { commit, url, files: files.length, bytes };
}

/** The files to publish. @throws ModelFolderError, IntegrityError when the folder is not what its manifest says. */
async function publishedFiles(
  folder: string,
  signal: AbortSignal | undefined,
): Promise<{ manifest: ModelManifest; files: LocalFile[] }> {
  const { manifest } = await readModelFolder(folder, { verify: true, ...(signal !== undefined && { signal }) });
  if (manifest === undefined) {
    throw new ModelFolderError(
      `${folder} has no ${manifestFile}, so nothing says what belongs to the model; push a folder that Zooid has made`,
    );
  }
  const listed = new Set(manifest.files.map(({ path }) => path));
  const extra = (await listModelFiles(folder)).filter((path) => !listed.has(path));
  if (extra.length > 0) {
    throw new IntegrityError({
      folder,
      file: extra[0]!,
      problem: `is not listed in ${manifestFile}${extra.length > 1 ? ` (nor are ${extra.length - 1} others)` : ''}`,
      fix: 'remove it, or export the model again so that it is',
    });
  }
  const files: LocalFile[] = [];
  for (const path of [...listed, manifestFile, cardFile]) {
    const absolute = join(folder, path);
    const found = await stat(absolute).catch(() => undefined);
    if (found !== undefined) files.push({ path, absolute, sizeBytes: found.size });
  }
  return { manifest, files };
}

/** The commit to build on; the repository is made first when that is asked for. */
async function parentCommit(
  transport: HubTransport,
  { repo, create = false, private: isPrivate }: PushRequest,
  branch: string,
  context: RequestContext,
): Promise<string> {
  try {
    return await resolveCommit(transport, repo, branch, context);
  } catch (error) {
    if (!(error instanceof HubNotFoundError) || error.what !== 'repository') throw error;
    if (!create) {
      throw new HubNotFoundError('repository', `${error.message}; make it with: --create (and --private)`, {
        cause: error,
      });
    }
  }
  const hub = await import('@huggingface/hub');
  const fetch = libraryFetch(transport, { subject: { repo, access: 'write' }, ...context });
  await hub
    .createRepo({
      repo: { type: 'model', name: repo },
      hubUrl: transport.settings.endpoint,
      accessToken: placeholderToken,
      fetch,
      ...(isPrivate !== undefined && { visibility: isPrivate ? 'private' : 'public' }),
    })
    .catch((error: unknown) => {
      // Another process made it between the two requests.
      if (!(error instanceof HubError) || error.status !== 409) throw asHubError(error, repo);
    });
  return resolveCommit(transport, repo, branch, context);
}

/** The library wants one by its form; the transport sends the real one instead. */
const placeholderToken = 'hf_sent_by_the_transport';

interface Commit {
  readonly branch: string;
  readonly parent: string;
  readonly message: string;
  readonly files: readonly LocalFile[];
}

async function commitFiles(
  transport: HubTransport,
  { repo, signal, progress }: PushRequest,
  { branch, parent, message, files }: Commit,
): Promise<{ commit: string; url: string }> {
  const hub = await import('@huggingface/hub');
  const request: HubRequest = { subject: { repo, revision: branch, access: 'write' }, signal, onEvent: progress };
  const sizes = new Map(files.map(({ path, sizeBytes }) => [path, sizeBytes]));
  const events = hub.commitIter({
    repo: { type: 'model', name: repo },
    branch,
    title: message,
    parentCommit: parent,
    operations: files.map(({ path, absolute }) => ({
      operation: 'addOrUpdate',
      path,
      content: pathToFileURL(absolute),
    })),
    hubUrl: transport.settings.endpoint,
    // A commit that may have arrived is not sent again: the answer would be that its parent is no longer the newest.
    fetch: (input, init) =>
      libraryFetch(transport, { ...request, repeatable: !/\/commit\/[^/]+$/.test(new URL(String(input)).pathname) })(
        input,
        init,
      ),
    ...(signal !== undefined && { abortSignal: signal }),
  });
  try {
    for (;;) {
      const { done, value } = await events.next();
      if (done) {
        if (value === undefined) throw new HubError(`the Hub does not say what became of the commit to '${repo}'`);
        return { commit: value.commit.oid, url: value.commit.url };
      }
      if (value.event !== 'fileProgress' || value.state !== 'uploading') continue;
      const totalBytes = sizes.get(value.path) ?? 0;
      progress?.({ type: 'progress', file: value.path, bytes: Math.round(value.progress * totalBytes), totalBytes });
    }
  } catch (error) {
    AbortError.throwIfAborted(signal);
    throw asHubError(error, repo);
  }
}

/** Every file must be in the commit with the content that was sent. */
async function compare(
  repo: string,
  commit: string,
  files: readonly LocalFile[],
  listing: readonly HubFile[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const published = new Map(listing.map((file) => [file.path, file]));
  for (const { path, absolute } of files) {
    const found = published.get(path);
    if (found !== undefined && (await hashFile(absolute, found.etag, signal)) === found.etag) continue;
    const problem = found === undefined ? 'is not in it' : 'has other content in it';
    throw new HubIntegrityError(`commit ${commit} of '${repo}' was made, but ${path} ${problem}; push again`);
  }
}

function asHubError(error: unknown, repo: string): unknown {
  if (ZooidError.is(error)) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new HubError(`pushing to '${repo}' failed: ${reason}`, { cause: error });
}
