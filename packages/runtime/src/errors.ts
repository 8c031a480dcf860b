import { ZooidError } from '@zooid/common';

/** onnxruntime refused a model or a run, or the worker that owned the session is gone. `cause` is the original error. */
export class SessionError extends ZooidError {
  readonly code = 'SESSION_FAILED';
  /** The training program concerned, if it is about one. */
  readonly program: string | undefined;

  constructor(message: string, options: ErrorOptions & { readonly program?: string | undefined } = {}) {
    super(message, options);
    this.program = options.program;
  }
}

/** More runs are waiting for a worker than the pool was told to hold; try again later. */
export class QueueFullError extends ZooidError {
  readonly code = 'QUEUE_FULL';

  constructor(readonly maxQueue: number) {
    super(
      `The pool holds at most ${maxQueue} waiting runs and all places are taken; try again later or raise maxQueue`,
    );
  }
}

/** A run, or the loading of a model, took longer than it may. The worker that it was on has been replaced. */
export class RunTimeoutError extends ZooidError {
  readonly code = 'RUN_TIMEOUT';

  constructor(
    /** What took too long: "A run". */
    what: string,
    readonly limitMs: number,
  ) {
    super(
      `${what} took longer than ${limitMs} ms; send less at a time, raise the limit, or look for an endless loop in the model`,
    );
  }
}
