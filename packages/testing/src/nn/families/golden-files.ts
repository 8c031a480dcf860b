import { readdirSync, readFileSync } from 'node:fs';
import { type TensorMap, tensor } from '@zooid/tensor';

/** What `__golden__/make_goldens.py` writes of one task. */
export interface GoldenTask {
  /** The first six numbers of the first row. */
  readonly logits: readonly number[];
  readonly loss: number;
  /** Norm, and product with the golden direction, by parameter. */
  readonly gradients: Readonly<Record<string, readonly [norm: number, projection: number]>>;
}

export interface GoldenModel {
  readonly name: string;
  readonly config: Readonly<Record<string, unknown>>;
  readonly batch: Readonly<Record<string, readonly number[] | readonly (readonly number[])[]>>;
  readonly tasks: Readonly<Record<string, GoldenTask>>;
}

const folder = new URL('./__golden__/', import.meta.url);

/** Tiny random networks of all families, with the numbers an independent implementation gives for them. */
export function goldenModels(): readonly GoldenModel[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .map((file) => ({ name: file.replace('.json', ''), ...JSON.parse(readFileSync(new URL(file, folder), 'utf8')) }));
}

/** A golden model's batch, also with the inputs that only losses have. */
export function goldenFeeds({ batch }: GoldenModel): TensorMap {
  return Object.fromEntries(
    Object.entries(batch).map(([name, rows]) => {
      const inner = Array.isArray(rows[0]) ? [rows[0].length] : [];
      return [name, tensor('int64', rows.flat(), [rows.length, ...inner])];
    }),
  );
}
