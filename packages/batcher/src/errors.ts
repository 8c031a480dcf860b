import { ZooidError } from '@zooid/common';

/** More rows wait for a forward pass than the batcher was told to hold; try again later. */
export class BatchQueueFullError extends ZooidError {
  readonly code = 'QUEUE_FULL';

  constructor(
    /** Of the request that was refused. */
    readonly rows: number,
    /** Rows, or tokens, that may wait. */
    readonly limit: { readonly of: 'rows' | 'tokens'; readonly most: number },
  ) {
    super(
      `There is no room for ${rows} more inputs: at most ${limit.most} ${limit.of} wait for the model; try again shortly, or raise ${
        limit.of === 'rows' ? 'maxQueuedRows' : 'maxQueuedTokens'
      }`,
    );
  }
}

/** What runs the batches did not give one answer per row: a fault of the app or the model. */
export class AnswerCountError extends ZooidError {
  readonly code = 'ANSWER_COUNT';

  constructor(
    readonly rows: number,
    readonly answers: number,
  ) {
    super(`A batch of ${rows} rows was given ${answers} answers; there must be one per row, in order`);
  }
}
