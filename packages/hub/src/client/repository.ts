import { type TransferEvent, ZooidError } from '@zooid/common';
import { checkEntry, type HubFile, maxFiles } from './checked-listing.js';
import { HubError, HubListingError } from './errors.js';
import { defaultRevision, isCommit } from './reference.js';
import type { HubRequest, HubTransport } from './transport.js';

/** Pages of a listing; the Hub puts a thousand files on one. */
const maxPages = 200;

export interface RequestContext {
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: TransferEvent) => void) | undefined;
  /** See `HubRequest`. */
  readonly hasty?: boolean | undefined;
}

/**
 * The commit that `revision` names now. A commit id is taken as it is, without a request.
 *
 * @throws HubNotFoundError for the repository or the revision, and the other kinds of HubError.
 */
export async function resolveCommit(
  transport: HubTransport,
  repo: string,
  revision: string = defaultRevision,
  context: RequestContext = {},
): Promise<string> {
  if (isCommit(revision)) return revision;
  const url = `${transport.settings.endpoint}/api/models/${repo}/revision/${encodeURIComponent(revision)}`;
  const response = await transport.send(url, { subject: { repo, revision }, whole: true, ...context });
  const { sha } = await asObject(response);
  if (typeof sha !== 'string' || !isCommit(sha)) {
    throw new HubError(`the Hub does not say which commit '${revision}' of '${repo}' is; is HF_ENDPOINT right?`);
  }
  return sha;
}

/** Every file of a commit, checked. @throws HubListingError for names that must not reach the disk. */
export async function listFiles(
  transport: HubTransport,
  repo: string,
  commit: string,
  context: RequestContext = {},
): Promise<HubFile[]> {
  // Loaded when used: the library costs a tenth of a second, and most programs that read models never call the Hub.
  const hub = await import('@huggingface/hub');
  const fetch = libraryFetch(transport, { subject: { repo, revision: commit }, ...context });
  let pages = 0;
  const entries = hub.listFiles({
    repo: { type: 'model', name: repo },
    revision: commit,
    recursive: true,
    hubUrl: transport.settings.endpoint,
    fetch: (input, init) => {
      if (++pages > maxPages) throw endless(repo);
      return fetch(input, init);
    },
  });
  const files: HubFile[] = [];
  let count = 0;
  try {
    for await (const entry of entries) {
      if (++count > maxFiles) throw endless(repo);
      const file = checkEntry(entry, repo);
      if (file !== undefined) files.push(file);
    }
  } catch (cause) {
    if (ZooidError.is(cause)) throw cause;
    throw new HubError(`the Hub's listing of '${repo}' cannot be read; is HF_ENDPOINT right?`, { cause });
  }
  return files;
}

const endless = (repo: string) =>
  new HubListingError(`'${repo}' lists more than ${maxFiles} files, or its listing does not end; it is no model`);

/** Our transport in the form that @huggingface/hub calls: with our token, retries and errors instead of its own. */
export function libraryFetch(transport: HubTransport, request: HubRequest): typeof globalThis.fetch {
  return (input, init = {}) => {
    const { method, headers, body, signal } = init;
    return transport.send(input instanceof Request ? input.url : String(input), {
      ...request,
      ...(method !== undefined && { method }),
      ...(headers !== undefined && { headers }),
      ...(body !== undefined && body !== null && { body }),
      ...(signal !== undefined && signal !== null && { signal }),
      whole: true,
    });
  };
}

async function asObject(response: Response): Promise<Record<string, unknown>> {
  const value: unknown = await response.json().catch(() => undefined);
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
