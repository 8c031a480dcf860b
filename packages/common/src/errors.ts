const brand = Symbol.for('@zooid/common/ZooidError');

/**
 * Root of every error Zooid throws on purpose. `code` is stable and documented; `message` says what was expected,
 * what was found and what to do, and may improve between versions.
 *
 * `ZooidError.is(e)` works across duplicate copies of this package, where `instanceof` does not.
 */
export abstract class ZooidError extends Error {
  abstract readonly code: string;
  readonly [brand] = true;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }

  static is(error: unknown): error is ZooidError {
    return typeof error === 'object' && error !== null && brand in error;
  }
}

/** One thing that is wrong with an input. `path` is a JSON pointer (RFC 6901) into that input; `''` is the whole. */
export interface Issue {
  readonly path: string;
  readonly message: string;
}

/** A request, config, recipe or data line was rejected; `issues` lists everything that is wrong with it. */
export class ValidationError extends ZooidError {
  readonly code = 'VALIDATION_FAILED';

  constructor(
    /** What was validated, for the message: "recipe.yaml", "train.jsonl line 3", "request body". */
    readonly subject: string,
    readonly issues: readonly Issue[],
  ) {
    super(`${subject}: ${issues.map(({ path, message }) => (path ? `${path} ${message}` : message)).join('; ')}`);
  }
}

/** The caller's `AbortSignal` fired. */
export class AbortError extends ZooidError {
  readonly code = 'ABORTED';

  constructor(message = 'The operation was aborted', options?: ErrorOptions) {
    super(message, options);
  }

  /** Throws when `signal` has fired; call it wherever long work can stop cleanly. */
  static throwIfAborted(signal?: AbortSignal): void {
    if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  }
}
