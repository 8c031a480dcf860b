/** The Hub's task ids that concern text, verbatim, so that hosts can answer in the Hub's own dialects. */
export const taskIds = [
  'text-classification',
  'token-classification',
  'zero-shot-classification',
  'fill-mask',
  'question-answering',
  'table-question-answering',
  'summarization',
  'translation',
  'text-generation',
  'sentence-similarity',
  'feature-extraction',
  'text-ranking',
  'other',
] as const;

/** One of the Hub's task ids; `other` for what the Hub has no name for. */
export type TaskId = (typeof taskIds)[number];
