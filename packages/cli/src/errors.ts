import { ZooidError } from '@zooid/common';

/** The command line, the environment or a file named on it cannot be used as it is. */
export class UsageError extends ZooidError {
  readonly code = 'USAGE';
}

/** The command exists, but no loaded plugin provides what it needs. */
export class UnavailableError extends ZooidError {
  readonly code = 'UNAVAILABLE';
}

/** Checks ran to their end and something failed them; the details have been printed. */
export class ChecksFailedError extends ZooidError {
  readonly code = 'CHECKS_FAILED';
}

/** What an app shows of its evaluation contradicts itself. */
export class EvaluationCaseError extends ZooidError {
  readonly code = 'EVALUATION_CASE';
}
