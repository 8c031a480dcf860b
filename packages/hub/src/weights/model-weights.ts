import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AbortError } from '@zooid/common';
import type { HostTensor } from '@zooid/tensor';
import { CheckpointError } from '../errors.js';
import { readManifest } from '../model-folder/read-model-folder.js';
import { resolveInside } from './inside-folder.js';
import { openWeightsFile } from './open-weights-file.js';
import { readShardIndex, type ShardIndex } from './shard-index.js';
import type { StoredTensor, WeightsFile, WeightsFormat } from './weights-file.js';

/** The weights of a model folder, open; dispose of it to close its files. */
export interface OpenModelWeights extends WeightsFile {
  /** Names of the files read, relative to the folder: one, or an index and its shards. */
  readonly files: readonly string[];
}

export interface ModelWeights {
  readonly format: WeightsFormat;
  /** @see OpenModelWeights.files */
  readonly files: readonly string[];
  /** By name. Names of tied weights in a PyTorch checkpoint share one tensor. */
  readonly tensors: ReadonlyMap<string, HostTensor>;
}

export interface OpenModelWeightsOptions {
  readonly signal?: AbortSignal;
}

export interface ReadModelWeightsOptions extends OpenModelWeightsOptions {
  /** Reads only the tensors it accepts; the rest is checked but not loaded. */
  readonly include?: (name: string) => boolean;
}

/** Where Hugging Face keeps weights, in the order in which we look. Safetensors first: nothing in it can run. */
export const modelWeightsFiles = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
] as const;

/**
 * Opens the weights of a model folder without reading any: `model.safetensors`, sharded safetensors,
 * `pytorch_model.bin` or a sharded one, whichever comes first in this order. Files that the folder's manifest does not list are not
 * considered.
 *
 * @throws CheckpointError when there are none, a file is damaged, the index and its shards disagree, a path leaves the
 *   folder, or a pickle asks for more than tensors.
 */
export async function openModelWeights(
  folder: string,
  { signal }: OpenModelWeightsOptions = {},
): Promise<OpenModelWeights> {
  const listed = (await readManifest(folder))?.files.map(({ path }) => path);
  for (const name of modelWeightsFiles) {
    if (listed !== undefined && !listed.includes(name)) continue;
    const path = await resolveInside(folder, name);
    if (path === undefined) continue;
    if (name.endsWith('.json')) return openShards(folder, name, await readShardIndex(path), signal);
    return { ...(await openWeightsFile(path)), files: [name] };
  }
  const where = listed === undefined ? '' : ' that its manifest lists';
  throw new CheckpointError(
    `${folder} holds no weights${where}; expected one of ${modelWeightsFiles.join(', ')}. Fetch the model again, or convert it`,
  );
}

/**
 * Reads the weights of a model folder into memory. bfloat16 is widened to float32, float16 stays as its bits;
 * `asFloat32` makes either usable.
 *
 * @throws CheckpointError as {@link openModelWeights}
 */
export async function readModelWeights(folder: string, options: ReadModelWeightsOptions = {}): Promise<ModelWeights> {
  const { signal, include } = options;
  const open = await openModelWeights(folder, options);
  try {
    const tensors = new Map<string, HostTensor>();
    const read = new Map<string, HostTensor>();
    for (const [name, stored] of open.tensors) {
      if (include !== undefined && !include(name)) continue;
      AbortError.throwIfAborted(signal);
      const tensor = read.get(stored.viewKey) ?? (await stored.read());
      read.set(stored.viewKey, tensor);
      tensors.set(name, tensor);
    }
    return { format: open.format, files: open.files, tensors };
  } finally {
    await open[Symbol.asyncDispose]();
  }
}

async function openShards(
  folder: string,
  indexName: string,
  index: ShardIndex,
  signal: AbortSignal | undefined,
): Promise<OpenModelWeights> {
  const subject = `${folder}/${indexName}`;
  const names = [...new Set(index.shardOf.values())].sort();
  await refuseStrayShards(folder, subject, names);
  const shards = new Map<string, WeightsFile>();
  const close = async () => {
    for (const shard of shards.values()) await shard[Symbol.asyncDispose]();
  };
  try {
    for (const name of names) {
      AbortError.throwIfAborted(signal);
      const path = await resolveInside(folder, name);
      if (path === undefined)
        throw new CheckpointError(`${subject}: shard '${name}' is missing; fetch the model again`);
      shards.set(name, await openWeightsFile(path));
    }
    const tensors = collect(subject, index, shards);
    const distinctBytes = [...shards.values()].reduce((sum, shard) => sum + shard.distinctBytes, 0);
    checkTotal(subject, index.totalBytes, tensors, distinctBytes);
    const format = indexName.startsWith('model.safetensors') ? 'safetensors' : 'pytorch';
    return {
      format,
      files: [indexName, ...names],
      tensors,
      metadata: new Map(),
      distinctBytes,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Every tensor is in exactly the shard that the index names, and the shards hold nothing else. */
function collect(
  subject: string,
  { shardOf }: ShardIndex,
  shards: ReadonlyMap<string, WeightsFile>,
): ReadonlyMap<string, StoredTensor> {
  const problems: string[] = [];
  const tensors = new Map<string, StoredTensor>();
  for (const [name, shard] of shardOf) {
    const tensor = shards.get(shard)!.tensors.get(name);
    if (tensor === undefined) problems.push(`'${name}' is not in '${shard}'`);
    else tensors.set(name, { ...tensor, viewKey: `${shard}:${tensor.viewKey}` });
  }
  for (const [shard, file] of shards) {
    for (const name of file.tensors.keys()) {
      if (shardOf.get(name) !== shard)
        problems.push(`'${shard}' holds '${name}', which the index ${place(shardOf.get(name))}`);
    }
  }
  if (problems.length === 0) return tensors;
  const shown = problems.slice(0, 20).join('; ');
  const more = problems.length > 20 ? `; and ${problems.length - 20} more` : '';
  throw new CheckpointError(`${subject}: index and shards disagree: ${shown}${more}; fetch the model again`);
}

const place = (shard: string | undefined): string => (shard === undefined ? 'does not name' : `puts into '${shard}'`);

/** A shard beside the others that the index ignores: two saves got mixed. */
async function refuseStrayShards(folder: string, subject: string, names: readonly string[]): Promise<void> {
  const patterns = names.flatMap((name) => {
    const parts = /^(.*)-\d+-of-\d+(\.[^.]+)$/.exec(name);
    return parts === null ? [] : [{ prefix: `${parts[1]}-`, suffix: parts[2]! }];
  });
  const folders = new Set(names.map((name) => dirname(name)));
  for (const inside of folders) {
    for (const entry of await readdir(`${folder}/${inside}`).catch(() => [])) {
      const path = inside === '.' ? entry : `${inside}/${entry}`;
      const isShard = patterns.some(
        ({ prefix, suffix }) => path.startsWith(prefix) && /-\d+-of-\d+\./.test(path) && path.endsWith(suffix),
      );
      if (isShard && !names.includes(path)) {
        throw new CheckpointError(
          `${subject}: does not name shard '${path}', which lies beside the others; two models got mixed, fetch one again`,
        );
      }
    }
  }
}

/** Writers count memory that tensors share once; an index made from the files' tensors counts it per tensor. */
function checkTotal(
  subject: string,
  totalBytes: number | undefined,
  tensors: ReadonlyMap<string, StoredTensor>,
  distinctBytes: number,
): void {
  if (totalBytes === undefined || totalBytes === distinctBytes) return;
  const sum = [...tensors.values()].reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0);
  if (totalBytes === sum) return;
  throw new CheckpointError(
    `${subject}: states a total_size of ${totalBytes} bytes, but the shards hold ${sum}; fetch the model again`,
  );
}
