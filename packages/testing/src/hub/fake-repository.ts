import { createHash } from 'node:crypto';

/** One file of a commit. */
export interface FakeFile {
  readonly content: Buffer;
  /** Git's SHA-1 of the content, or of the LFS pointer that stands for it. */
  readonly oid: string;
  readonly sha256: string;
  /** Whether it lies in the storage, and not in git. */
  readonly lfs: boolean;
}

export type FakeContent = string | Uint8Array;

/** File names that the Hub keeps in LFS. */
const lfsName = /\.(safetensors|bin|onnx|onnx_data|h5|msgpack|gguf|model)$/;

/** A repository of models: commits, branches and tags. */
export class FakeRepository {
  readonly commits = new Map<string, ReadonlyMap<string, FakeFile>>();
  /** Branches, tags and `refs/pr/N`. */
  readonly refs = new Map<string, string>();
  /** Messages by commit. */
  readonly messages = new Map<string, string>();
  isPrivate = false;
  isGated = false;
  /** Tokens whose owner has accepted the conditions of a gated repository. */
  readonly accepted = new Set<string>();

  constructor(readonly id: string) {}

  /** The commit that `revision` names. */
  resolve(revision: string): string | undefined {
    return this.refs.get(revision) ?? (this.commits.has(revision) ? revision : undefined);
  }

  /** Adds, changes or (`null`) deletes files, and moves `branch` to the new commit. */
  commit(changes: Readonly<Record<string, FakeContent | null>>, branch = 'main', message = 'a commit'): string {
    const files = new Map(this.commits.get(this.refs.get(branch) ?? '') ?? []);
    for (const [path, content] of Object.entries(changes)) {
      if (content === null) files.delete(path);
      else files.set(path, fakeFile(path, content));
    }
    const parent = this.refs.get(branch) ?? '';
    const text = [...files].map(([path, { oid }]) => `${oid} ${path}\n`).sort();
    const sha = createHash('sha1')
      .update(`${this.id}\n${parent}\n${message}\n${text.join('')}`)
      .digest('hex');
    this.commits.set(sha, files);
    this.refs.set(branch, sha);
    this.messages.set(sha, message);
    return sha;
  }

  file(revision: string, path: string): FakeFile | undefined {
    return this.commits.get(this.resolve(revision) ?? '')?.get(path);
  }
}

export function fakeFile(path: string, data: FakeContent): FakeFile {
  const content = Buffer.from(data);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const lfs = lfsName.test(path);
  const inGit = lfs
    ? Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${sha256}\nsize ${content.length}\n`)
    : content;
  const oid = createHash('sha1').update(`blob ${inGit.length}\0`).update(inGit).digest('hex');
  return { content, oid, sha256, lfs };
}
