import { TokenizerError } from '../errors.js';
import type { JsonReader } from '../json-reader.js';

const maxDepth = 8;

/** Refuses sequences of sequences of sequences …, which would exhaust the stack. Real files nest once. */
export function checkNesting(reader: JsonReader): void {
  const depth = reader.part.split('/').length;
  if (depth <= 2 * maxDepth + 2) return;
  throw new TokenizerError(reader.part, `is nested too deeply; at most ${maxDepth} sequences may hold one another`);
}
