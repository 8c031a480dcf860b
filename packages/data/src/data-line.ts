/** One line of a data file: a record, or what is wrong with it. `line` counts from 1. */
export type DataLine =
  | { readonly line: number; readonly record: unknown }
  | { readonly line: number; readonly raw: string; readonly issue: string };

/** Limits and cancellation of a reader. */
export interface ReadOptions {
  readonly signal?: AbortSignal;
  /** Longest line (or quoted CSV record) taken into memory; longer ones become issues. Default 16 MiB. */
  readonly maxLineBytes?: number;
}

export const defaultMaxLineBytes = 16 * 1024 * 1024;
