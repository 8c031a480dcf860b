import type { Value } from '@zooid/onnx';
import { normal } from '../initialise.js';
import { widthOf } from '../linear.js';
import type { ModuleContext } from '../module-context.js';

export interface VocabularyScoresOptions {
  /** Path of the word table. */
  readonly table: string;
  /** Path of the matrix that takes its place when it is not tied. */
  readonly decoder: string;
  readonly vocab: number;
  readonly tied: boolean;
  readonly std: number;
}

/** Products with every row of the word table, or of a matrix of the head's own: `[..., width]` → `[..., vocab]`. */
export function vocabularyScores(context: ModuleContext, x: Value, options: VocabularyScoresOptions): Value {
  const { table, decoder, vocab, tied, std } = options;
  const rows = context
    .child(tied ? table : decoder)
    .parameter('weight', [vocab, widthOf(x, 'vocabulary')], normal(std));
  return x.matmul(rows.swapLastTwo());
}
