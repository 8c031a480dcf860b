import type { AnswerContext } from './app.js';

/**
 * Tells whoever asked how many tokens the model is about to read.
 *
 * @param rows One per item, in order; `length` counts its tokens, special ones included.
 * @throws whatever the host makes of too many.
 */
export function reportTokens({ onTokens }: AnswerContext, rows: readonly { readonly length: number }[]): void {
  if (onTokens === undefined) return;
  const perItem = rows.map(({ length }) => length);
  onTokens(
    perItem.reduce((sum, count) => sum + count, 0),
    perItem,
  );
}
