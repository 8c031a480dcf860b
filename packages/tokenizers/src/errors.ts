import { ZooidError } from '@zooid/common';

/**
 * A tokenizer could not be built: its files are malformed, name a part that is not supported, or contradict
 * themselves. `part` says which: a file name, or a JSON pointer (RFC 6901) into `tokenizer.json`.
 */
export class TokenizerError extends ZooidError {
  readonly code = 'TOKENIZER_INVALID';

  constructor(
    readonly part: string,
    message: string,
    options?: ErrorOptions,
  ) {
    super(`${part}: ${message}`, options);
  }
}
