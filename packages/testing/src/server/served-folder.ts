import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createKernel } from '@zooid/kernel';
import { createServer, ServerConfig } from '@zooid/server';
import type { Plugin } from '@zooid/spec';

/** A model that a real server serves on a free port. */
export interface ServedFolder extends AsyncDisposable {
  readonly url: string;
  readonly folder: string;
  /** @param path from the root of the server; `body` goes as JSON, and comes as it was parsed. */
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }>;
}

export interface ServedFolderOptions {
  readonly plugins: readonly Plugin[];
  /** Name to serve under. */
  readonly name: string;
  /** Fills the model folder. */
  readonly write: (folder: string) => Promise<void>;
}

/** Writes a model folder, and serves it until disposal. */
export async function serveFolder({ plugins, name, write }: ServedFolderOptions): Promise<ServedFolder> {
  const folder = await mkdtemp(join(tmpdir(), `zooid-${name}-http-`));
  await write(folder);
  const kernel = await createKernel({ plugins, config: { root: folder } });
  await kernel.endpoints.open(name, folder);
  const server = createServer({ kernel, config: Object.assign(new ServerConfig(), { port: 0 }) });
  const { url } = await server.listen();
  return {
    url,
    folder,
    async send(method, path, body) {
      const reply = await fetch(`${url}${path}`, {
        method,
        headers: { 'content-type': 'application/json' },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await reply.text();
      return { status: reply.status, body: text === '' ? undefined : JSON.parse(text) };
    },
    async [Symbol.asyncDispose]() {
      await server.close();
      await kernel[Symbol.asyncDispose]();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
