import { UsageError } from './errors.js';

/** The value of `--parameters`. @throws UsageError unless it is a JSON object. */
export function parseParameters(text: string | undefined): object {
  if (text === undefined) return {};
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new UsageError(`--parameters must be a JSON object such as '{"topK": 3}': ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new UsageError(`--parameters must be a JSON object such as '{"topK": 3}'`);
  }
  return value;
}
