import { readFile, stat } from 'node:fs/promises';
import { CheckpointError } from '../errors.js';
import { isSafeRelativePath } from '../model-folder/file-list.js';
import { duplicateKey } from '../safetensors/duplicate-key.js';

/** What `model.safetensors.index.json` or `pytorch_model.bin.index.json` says. */
export interface ShardIndex {
  /** The shard of every tensor, as a path inside the model folder. */
  readonly shardOf: ReadonlyMap<string, string>;
  /** Bytes of all tensors; absent when the index does not say. */
  readonly totalBytes?: number;
}

/** Ten times the index of the largest published models. */
const maxIndexBytes = 64 * 1024 * 1024;

/**
 * Reads and validates a shard index.
 *
 * @throws CheckpointError when it is malformed, or names a shard that is not inside the folder.
 */
export async function readShardIndex(path: string): Promise<ShardIndex> {
  const { size } = await stat(path);
  if (size > maxIndexBytes) throw new CheckpointError(`${path}: has ${size} bytes, at most ${maxIndexBytes} are read`);
  return parseShardIndex(await readFile(path, 'utf8'), path);
}

/** @see readShardIndex */
export function parseShardIndex(text: string, subject: string): ShardIndex {
  const fail = (problem: string): never => {
    throw new CheckpointError(`${subject}: ${problem}; fetch the index again, or write it anew`);
  };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return fail(`is not valid JSON (${(cause as Error).message})`);
  }
  const repeated = duplicateKey(text);
  if (repeated !== undefined) return fail(`names ${JSON.stringify(repeated)} twice`);
  if (!isObject(value) || !isObject(value.weight_map)) return fail("must be an object with a 'weight_map'");
  const entries = Object.entries(value.weight_map);
  if (entries.length === 0) return fail("names no tensor in its 'weight_map'");
  for (const [name, shard] of entries) {
    if (!isSafeRelativePath(shard)) {
      fail(`puts ${JSON.stringify(name)} into ${JSON.stringify(shard)}, which is not a path inside the model folder`);
    }
  }
  const total = isObject(value.metadata) ? value.metadata.total_size : undefined;
  if (total !== undefined && !(Number.isSafeInteger(total) && (total as number) >= 0)) {
    return fail(`has a total_size of ${JSON.stringify(total)}; expected a number of bytes`);
  }
  return {
    shardOf: new Map(entries as [string, string][]),
    ...(total === undefined ? {} : { totalBytes: total as number }),
  };
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
