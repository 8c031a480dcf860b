import { ValidationError } from '@zooid/common';
import { LimitError } from '@zooid/spec';

/** Says the same of another place: `move` is given each pointer of a refusal. Anything else is returned as it is. */
export function repoint(error: unknown, move: (path: string) => string): unknown {
  if (error instanceof ValidationError) {
    const issues = error.issues.map(({ path, message }) => ({ path: move(path), message }));
    return new ValidationError('request', issues);
  }
  if (error instanceof LimitError) return new LimitError(move(error.path), error.unit, error.limit, error.actual);
  return error;
}
