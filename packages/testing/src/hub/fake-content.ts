import type { IncomingMessage, ServerResponse } from 'node:http';
import { json, permitted, Refusal } from './fake-answers.js';
import type { FakeHub } from './fake-hub.js';
import type { FakeFile } from './fake-repository.js';
import { type Fault, sendBody } from './fault.js';

/** Revisions, listings and files. */
export async function sendContent(
  hub: FakeHub,
  server: 'hub' | 'storage',
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
): Promise<void> {
  const path = url.pathname;
  if (server === 'storage') {
    const stored = hub.stored.get(path.slice(1));
    if (stored === undefined) throw new Refusal(404, '', 'NoSuchKey');
    return sendFile(request, response, stored, `"storage-${path.slice(1, 9)}"`, {}, fault);
  }
  const [, id = '', rest = ''] = /^\/(?:api\/models\/)?([^/]+\/[^/]+)\/(.*)$/.exec(path) ?? [];
  const repository = permitted(hub, id, 'read', request);
  const [kind, encoded = '', ...inside] = rest.split('/');
  const revision = decodeURIComponent(encoded);
  const commit = repository.resolve(revision);
  if (commit === undefined) throw new Refusal(404, 'RevisionNotFound', `Invalid rev id: ${revision}`);
  const files = repository.commits.get(commit)!;

  if (path.startsWith('/api/') && kind === 'revision') {
    const siblings = [...files.keys()].map((rfilename) => ({ rfilename }));
    return json(response, { id, modelId: id, sha: commit, private: repository.isPrivate, siblings });
  }
  if (path.startsWith('/api/') && kind === 'tree') return sendPage(hub, url, files, response);
  if (kind !== 'resolve') throw new Refusal(404, '', 'Not found');

  const file = files.get(inside.map(decodeURIComponent).join('/'));
  const known = { 'x-repo-commit': commit };
  if (file === undefined) {
    response.setHeader('x-repo-commit', commit);
    throw new Refusal(404, 'EntryNotFound', 'Entry not found');
  }
  if (!file.lfs) return sendFile(request, response, file.content, `"${file.oid}"`, known, fault);
  hub.stored.set(file.sha256, file.content);
  response.writeHead(302, {
    ...known,
    location: `${hub.storageUrl}/${file.sha256}?X-Signature=secret`,
    'x-linked-etag': `"${file.sha256}"`,
    'x-linked-size': String(file.content.length),
  });
  response.end();
}

function sendPage(hub: FakeHub, url: URL, files: ReadonlyMap<string, FakeFile>, response: ServerResponse): void {
  const { pageSize = 1000 } = hub.options;
  const start = Number(url.searchParams.get('cursor') ?? 0);
  const all = [...files].map(([path, { content, oid, sha256, lfs }]) => ({
    type: 'file',
    oid,
    size: content.length,
    path,
    ...(lfs && { lfs: { oid: sha256, size: content.length, pointerSize: 130 } }),
  }));
  const next = new URL(url);
  next.searchParams.set('cursor', String(start + pageSize));
  const more = start + pageSize < all.length;
  json(response, all.slice(start, start + pageSize), more ? { link: `<${next.href}>; rel="next"` } : {});
}

async function sendFile(
  { method, headers }: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  etag: string,
  known: Readonly<Record<string, string>>,
  fault: Fault | undefined,
): Promise<void> {
  const [, first] = /^bytes=(\d+)-/.exec(headers.range ?? '') ?? [];
  const valid = headers['if-range'] === undefined || headers['if-range'] === etag;
  const start = first !== undefined && valid && fault?.ignoreRange !== true ? Number(first) : undefined;
  const shared = { ...known, etag, 'accept-ranges': 'bytes', 'content-type': 'application/octet-stream' };
  if (start !== undefined && start >= content.length) {
    response.writeHead(416, { ...shared, 'content-range': `bytes */${content.length}` }).end();
    return;
  }
  const body = content.subarray(start ?? 0);
  response.writeHead(start === undefined ? 200 : 206, {
    ...shared,
    ...(fault?.append === undefined && { 'content-length': String(body.length) }),
    ...(start !== undefined && { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` }),
  });
  if (method === 'HEAD') response.end();
  else await sendBody(response, body, fault);
}
