import { ZooidError } from '@zooid/common';

export const exitCodes = { success: 0, failure: 1, usage: 2, interrupted: 130 } as const;

/**
 * The one table from error code to exit status. Usage (2) is what the caller can put right: the command line, a file
 * or name on it, the configuration. Everything else is a failure (1).
 */
const exitCodeOf: Readonly<Record<string, number>> = {
  ABORTED: exitCodes.interrupted,
  DATASET_FAILED: exitCodes.usage,
  DATASET_NOT_FOUND: exitCodes.usage,
  HUB_ACCESS: exitCodes.usage,
  HUB_GATED: exitCodes.usage,
  HUB_NOT_FOUND: exitCodes.usage,
  HUB_OFFLINE: exitCodes.usage,
  INSECURE_BIND: exitCodes.usage,
  LIMIT_EXCEEDED: exitCodes.usage,
  MODEL_CHECKPOINT: exitCodes.usage,
  MODEL_FOLDER: exitCodes.usage,
  MODEL_INTEGRITY: exitCodes.usage,
  MODEL_NOT_FOUND: exitCodes.usage,
  NAME_TAKEN: exitCodes.usage,
  NAME_UNKNOWN: exitCodes.usage,
  PLUGIN_FAILED: exitCodes.usage,
  TOKENIZER_INVALID: exitCodes.usage,
  TRAINING_RESUME_MISMATCH: exitCodes.usage,
  TRAINING_RUN_FOLDER: exitCodes.usage,
  UNAVAILABLE: exitCodes.usage,
  USAGE: exitCodes.usage,
  VALIDATION_FAILED: exitCodes.usage,
};

/** Exit status for anything thrown. */
export function toExitCode(error: unknown): number {
  return ZooidError.is(error) ? (exitCodeOf[error.code] ?? exitCodes.failure) : exitCodes.failure;
}
