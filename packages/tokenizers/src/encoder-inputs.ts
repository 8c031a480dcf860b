import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import type { TensorMap } from '@zooid/tensor';
import type { PaddedBatch } from './pad.js';

/** Families that number positions from after the padding token's id: their tables have that many rows to spare. */
const offsetFamilies = new Set(['roberta', 'xlm-roberta', 'camembert', 'roberta-prelayernorm', 'longformer', 'mpnet']);

/** Where neither tokenizer nor config names a limit. */
const defaultLength = 512;

/**
 * Tokens of the longest text that a Hugging Face model folder takes: the rows of its position table that serve tokens,
 * or less where `tokenizer_config.json` or `sentence_bert_config.json` says so.
 *
 * @param config The parsed `config.json`.
 */
export async function longestInput(folder: string, config: Readonly<Record<string, unknown>>): Promise<number> {
  const rows = wholeNumber(config.max_position_embeddings ?? config.n_positions);
  const isOffset = typeof config.model_type === 'string' && offsetFamilies.has(config.model_type);
  const spare = isOffset ? (wholeNumber(config.pad_token_id) ?? 1) + 1 : 0;
  const limits = [
    rows === undefined ? undefined : rows - spare,
    // Absent limits are written as 10^30 there.
    wholeNumber(await fieldOf(folder, 'tokenizer_config.json', 'model_max_length')),
    wholeNumber(await fieldOf(folder, 'sentence_bert_config.json', 'max_seq_length')),
  ].filter((limit) => limit !== undefined && limit > 0);
  return limits.length === 0 ? defaultLength : Math.min(...(limits as number[]));
}

/**
 * Of a padded batch what a graph takes: an encoder may have no `token_type_ids`, and some want `position_ids`.
 *
 * @param names The graph's inputs; absent: all three of the batch.
 * @throws ValidationError naming inputs that a text alone cannot fill.
 */
export function graphInputs(batch: PaddedBatch, names: readonly string[] | undefined): TensorMap {
  if (names === undefined) return { ...batch };
  const inputs: Record<string, TensorMap[string]> = {};
  const unknown: string[] = [];
  for (const name of names) {
    if (name in batch) inputs[name] = batch[name as keyof PaddedBatch];
    else if (name === 'position_ids') inputs[name] = positionIds(batch);
    else unknown.push(name);
  }
  if (names.includes('input_ids') && unknown.length === 0) return inputs;
  const complaint = unknown.length === 0 ? 'has no input_ids' : `needs ${unknown.join(', ')}`;
  throw new ValidationError('graph', [
    { path: '', message: `${complaint}, so it is not an encoder of text (inputs: ${names.join(', ')})` },
  ]);
}

function positionIds({ input_ids: { dims } }: PaddedBatch): TensorMap[string] {
  const [batch, sequence] = dims as [number, number];
  const data = BigInt64Array.from({ length: batch * sequence }, (_, i) => BigInt(i % sequence));
  return { dtype: 'int64', dims, data };
}

async function fieldOf(folder: string, file: string, field: string): Promise<unknown> {
  const text = await readFile(join(folder, file), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '{}';
    throw error;
  });
  try {
    return (JSON.parse(text) as Record<string, unknown> | null)?.[field];
  } catch {
    throw new ValidationError(join(folder, file), [{ path: '', message: 'is not valid JSON' }]);
  }
}

const wholeNumber = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;
