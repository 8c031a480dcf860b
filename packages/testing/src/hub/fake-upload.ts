import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { json, permitted, Refusal } from './fake-answers.js';
import type { FakeHub } from './fake-hub.js';

/** Parts of uploads that are under way, by SHA-256. */
export type Uploads = Map<string, Map<number, Buffer>>;

type Handler = (hub: FakeHub, call: Call) => void | Promise<void>;

interface Call {
  readonly id: string;
  readonly rest: string;
  readonly body: Buffer;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

const routes: readonly (readonly ['hub' | 'storage', RegExp, Handler])[] = [
  ['hub', /^POST \/api\/repos\/(create)$/, createRepository],
  ['hub', /^POST \/api\/models\/([^/]+\/[^/]+)\/preupload\/([^/]+)$/, preupload],
  ['hub', /^POST \/([^/]+\/[^/]+)\.git\/info\/lfs\/objects\/batch$/, batch],
  ['hub', /^POST \/api\/models\/([^/]+\/[^/]+)\/commit\/([^/]+)$/, commit],
  ['storage', /^PUT \/upload\/([0-9a-f]{64})(?:\/(\d+))?$/, store],
  ['storage', /^POST \/complete\/([0-9a-f]{64})$/, complete],
];

/** Everything that writes. False when the request is none of it. */
export async function handleUpload(
  hub: FakeHub,
  server: 'hub' | 'storage',
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<boolean> {
  for (const [where, pattern, handler] of routes) {
    const match = where === server ? pattern.exec(`${request.method} ${url.pathname}`) : null;
    if (match === null) continue;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [, id = '', rest = ''] = match;
    await handler(hub, { id, rest: decodeURIComponent(rest), body: Buffer.concat(chunks), request, response });
    return true;
  }
  return false;
}

function createRepository(hub: FakeHub, { body, request, response }: Call): void {
  const { organization, name, visibility } = JSON.parse(body.toString()) as Record<string, string>;
  const id = `${organization}/${name}`;
  const rights = hub.tokens.get(request.headers.authorization?.replace(/^Bearer /, '') ?? '');
  if (rights !== 'write') throw new Refusal(403, '', 'You do not have the rights to create a model');
  if (hub.repositories.has(id)) throw new Refusal(409, '', 'You already created this model repo');
  const repository = hub.repository(id);
  repository.isPrivate = visibility === 'private';
  repository.commit({ '.gitattributes': '*.safetensors filter=lfs\n' }, 'main', 'initial commit');
  json(response, { url: `${hub.endpoint}/${id}`, id, name: id });
}

function preupload(hub: FakeHub, { id, body, request, response }: Call): void {
  permitted(hub, id, 'write', request);
  const { files } = JSON.parse(body.toString()) as { files: { path: string; size: number }[] };
  json(response, {
    files: files.map(({ path }) => ({
      path,
      uploadMode: /\.(safetensors|bin|onnx|onnx_data)$/.test(path) ? 'lfs' : 'regular',
    })),
  });
}

function batch(hub: FakeHub, { id, body, request, response }: Call): void {
  permitted(hub, id, 'write', request);
  const { objects } = JSON.parse(body.toString()) as { objects: { oid: string; size: number }[] };
  const { partBytes = Number.POSITIVE_INFINITY } = hub.options;
  json(response, {
    transfer: objects.some(({ size }) => size > partBytes) ? 'multipart' : 'basic',
    objects: objects.map(({ oid, size }) => {
      if (hub.stored.has(oid)) return { oid, size };
      const whole = { href: `${hub.storageUrl}/upload/${oid}?X-Signature=secret` };
      if (size <= partBytes) return { oid, size, actions: { upload: whole } };
      const parts = Array.from({ length: Math.ceil(size / partBytes) }, (_, i) => [
        String(i + 1).padStart(5, '0'),
        `${hub.storageUrl}/upload/${oid}/${i + 1}?X-Signature=secret`,
      ]);
      const header = { chunk_size: String(partBytes), ...Object.fromEntries(parts) };
      return { oid, size, actions: { upload: { href: `${hub.storageUrl}/complete/${oid}`, header } } };
    }),
  });
}

function store(hub: FakeHub, { id: oid, rest: part, body, response }: Call): void {
  if (part === '') {
    if (!keep(hub, oid, body)) throw new Refusal(400, '', 'BadDigest');
  } else {
    const parts = hub.uploads.get(oid) ?? new Map<number, Buffer>();
    hub.uploads.set(oid, parts.set(Number(part), body));
  }
  response.writeHead(200, { etag: `"${createHash('md5').update(body).digest('hex')}"` }).end();
}

function complete(hub: FakeHub, { id: oid, response }: Call): void {
  const parts = [...(hub.uploads.get(oid) ?? [])].sort(([a], [b]) => a - b).map(([, bytes]) => bytes);
  if (!keep(hub, oid, Buffer.concat(parts))) throw new Refusal(400, '', 'BadDigest');
  json(response, { success: true });
}

function keep(hub: FakeHub, oid: string, content: Buffer): boolean {
  if (createHash('sha256').update(content).digest('hex') !== oid) return false;
  hub.stored.set(oid, content);
  return true;
}

interface CommitLine {
  readonly key: string;
  readonly value: Readonly<Record<string, string>>;
}

function commit(hub: FakeHub, { id, rest: branch, body, request, response }: Call): void {
  const repository = permitted(hub, id, 'write', request);
  const lines = body
    .toString()
    .split('\n')
    .map((line) => JSON.parse(line) as CommitLine);
  const header = lines.find(({ key }) => key === 'header')?.value ?? {};
  const { parentCommit, summary } = header;
  if (parentCommit !== undefined && parentCommit !== repository.refs.get(branch)) {
    throw new Refusal(412, '', 'A commit has happened since. Please refresh and try again.');
  }
  const changes: Record<string, Buffer | null> = {};
  for (const { key, value } of lines) {
    const { path = '', content = '', oid = '' } = value;
    if (key === 'file') changes[path] = Buffer.from(content, 'base64');
    else if (key === 'deletedFile') changes[path] = null;
    else if (key === 'lfsFile') {
      const stored = hub.stored.get(oid);
      if (stored === undefined) throw new Refusal(400, '', `LFS object ${oid} was not uploaded`);
      changes[path] = stored;
    }
  }
  const sha = repository.commit(changes, branch, summary);
  json(response, { success: true, commitOid: sha, commitUrl: `${hub.endpoint}/${id}/commit/${sha}`, hookOutput: '' });
}
