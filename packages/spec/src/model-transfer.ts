import type { TransferEvent } from '@zooid/common';
import type { RunContext } from './model.js';

/** Options of everything that moves model files. */
export interface TransferOptions extends RunContext {
  readonly progress?: (event: TransferEvent) => void;
}

export interface PullOptions extends TransferOptions {
  /** Glob patterns of files to fetch; default: what serving and training need. `*` also matches `/`. */
  readonly include?: readonly string[];
  /** Glob patterns of files to leave out. */
  readonly exclude?: readonly string[];
}

/** A model that is on this machine now. */
export interface PulledModel {
  readonly id: string;
  /** Commit in the repository it came from. */
  readonly revision: string;
  /** Absolute; read-only. */
  readonly folder: string;
  readonly files: number;
  readonly bytes: number;
  /** Bytes that had to be moved for it; the rest was there. */
  readonly fetchedBytes: number;
}

export interface PushOptions extends TransferOptions {
  /** Commit message; default: names the model and its content revision. */
  readonly message?: string;
  /** Branch or `refs/pr/N` to commit to. Default: `main`. */
  readonly branch?: string;
  /** Creates the repository when there is none. Default: false. */
  readonly create?: boolean;
  /** With `create`: only the owner sees it. Default: what the owner's account prefers. */
  readonly private?: boolean;
}

export interface PushedModel {
  readonly id: string;
  /** The new commit. */
  readonly revision: string;
  readonly url: string;
  readonly files: number;
  readonly bytes: number;
}

/** One revision of a model in a cache. */
export interface CachedModel {
  readonly id: string;
  readonly revision: string;
  /** Branches and tags that point here; without any, `prune` takes it away. */
  readonly refs: readonly string[];
  readonly files: number;
  /** Content that revisions share is counted for each. */
  readonly sizeBytes: number;
  /** ISO 8601; when its newest file came. */
  readonly modified: string;
  readonly folder: string;
}

/** What `verify` found out about one stored content. */
export interface CacheFinding {
  readonly model: string;
  /** Absolute path of the stored content, or of the broken link. */
  readonly path: string;
  /** Names under which models know it. */
  readonly files: readonly string[];
  readonly sizeBytes: number;
  /** `unknown`: its name is no digest, so there is nothing to compare it with. */
  readonly status: 'intact' | 'damaged' | 'missing' | 'unknown';
  /** Whether `remove` took it away. */
  readonly removed: boolean;
}

/** Something that `prune` takes away, or would. */
export interface CacheRemoval {
  readonly model: string;
  readonly kind: 'revision' | 'content' | 'partial download' | 'lock';
  /** Absolute. */
  readonly path: string;
  /** Room it gives back. */
  readonly sizeBytes: number;
}

/** Looks after models that a store has fetched. */
export interface ModelCache {
  /** Absolute. */
  readonly folder: string;
  list(context?: RunContext): Promise<readonly CachedModel[]>;
  /**
   * Computes the digest of everything that is stored.
   *
   * @param options `remove` takes away what is damaged or missing, so that the next pull fetches it anew.
   */
  verify(options?: RunContext & { readonly remove?: boolean }): AsyncIterable<CacheFinding>;
  /**
   * Finds what no branch or tag leads to and what broken transfers left, leaving alone what another process uses.
   *
   * @param options `remove` takes it away; default: only tells.
   */
  prune(options?: RunContext & { readonly remove?: boolean }): Promise<readonly CacheRemoval[]>;
}
