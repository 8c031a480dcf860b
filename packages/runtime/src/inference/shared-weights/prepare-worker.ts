import { join } from 'node:path';
import type { TensorMap } from '@zooid/tensor';
import {
  describeValues,
  fromResults,
  InferenceSession,
  prepackingOptions,
  sessionOptions,
  toFeeds,
} from '../../ort.js';
import { type Answer, serveWorker } from '../../workers/serve-worker.js';
import { warmUpFeeds } from '../warm-up.js';
import { cacheKey } from './cache-key.js';
import { modelFiles } from './model-files.js';
import { graphFile, PrepackedCache, weightsFile } from './prepacked-cache.js';
import type { SharedModel } from './shared-model.js';

export interface PrepareRequest {
  /** Absolute path. */
  readonly model: string;
  /** Of the cache. */
  readonly folder: string;
  /** Smaller models are left as they are. */
  readonly minBytes: number;
  /** What the cache may hold. */
  readonly maxBytes: number;
}

/** `undefined` for a model that is too small. */
export type PrepareReply = SharedModel | undefined;

/**
 * Bytes of a copy over those of the model, at most. Matrices are in it as the graph has them and as kernels want them, 1.8
 * times the bytes in all; weights that are stored as float16 are in it as float32.
 */
const COPY_SIZE = 4;

serveWorker({
  async prepare({ model, folder, minBytes, maxBytes }: PrepareRequest): Promise<Answer> {
    const files = modelFiles(model);
    const size = files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (size < minBytes) return { value: undefined };
    const cache = new PrepackedCache(folder);
    const key = await cacheKey(files);
    let shared = await cache.find(key);
    if (shared === undefined) {
      await cache.makeRoom(COPY_SIZE * size, maxBytes);
      shared = await cache.add(key, (draft) => prepack(model, draft));
    }
    return { value: shared satisfies PrepareReply };
  },
  dispose: () => ({ value: undefined }),
});

/**
 * Writes the optimised graph and the weights as the kernels want them, and makes sure that the copy gives the same
 * numbers as the original: a disk that is full need not be noticed by who writes to it.
 */
async function prepack(model: string, draft: string): Promise<void> {
  const copy = join(draft, graphFile);
  const options = prepackingOptions({ graph: copy, weightsFile });
  const expected = await withSession(await InferenceSession.create(model, options), firstRun);
  const found = await withSession(await InferenceSession.create(copy, sessionOptions(1)), firstRun);
  if (expected !== undefined && !equal(expected, found)) {
    throw new Error(`The prepacked copy of ${model} gives other numbers than the original`);
  }
}

async function withSession<T>(session: InferenceSession, use: (session: InferenceSession) => Promise<T>): Promise<T> {
  try {
    return await use(session);
  } finally {
    await session.release();
  }
}

/** Outputs for made-up inputs; `undefined` when the model does not take them. */
async function firstRun(session: InferenceSession): Promise<TensorMap | undefined> {
  const feeds = warmUpFeeds(describeValues(session.inputMetadata));
  if (feeds === undefined) return undefined;
  return session.run(toFeeds(feeds)).then(fromResults, () => undefined);
}

/** To the bit, so that NaN equals itself. */
function equal(a: TensorMap, b: TensorMap | undefined): boolean {
  return Object.entries(a).every(([name, { data }]) => {
    const other = b?.[name]?.data;
    return other !== undefined && Buffer.compare(bytesOf(data), bytesOf(other)) === 0;
  });
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
