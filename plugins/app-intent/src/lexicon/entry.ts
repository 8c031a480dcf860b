import { type Issue, ValidationError } from '@zooid/common';
import { loneSurrogateIndex } from '@zooid/spec';

/** One surface form of one type. */
export interface LexiconEntry {
  readonly surface: string;
  readonly type: string;
  /** How well known it is, for priorities; any non-negative scale that is the same within a lexicon. */
  readonly popularity: number;
  /** Where it came from: `training`, or the name of the outside list. */
  readonly source?: string;
  /** The surface has several types or is an everyday word; kept on purpose: the gate exists for these. */
  readonly ambiguous?: boolean;
}

/**
 * Reads one record of a word list: `surface` or `word`, `type` or `category`, and an optional `popularity`, `count` or
 * `df`. @throws ValidationError with a pointer per wrong field.
 */
export function parseLexiconEntry(record: unknown, source?: string): LexiconEntry {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new ValidationError('lexicon entry', [{ path: '', message: 'must be an object with surface and type' }]);
  }
  const fields = record as Record<string, unknown>;
  const surface = fields['surface'] ?? fields['word'];
  const type = fields['type'] ?? fields['category'];
  const popularity = fields['popularity'] ?? fields['count'] ?? fields['df'] ?? 1;
  const issues: Issue[] = [];
  if (typeof surface !== 'string' || surface.trim() === '') issues.push({ path: '/surface', message: 'must be a non-empty string' });
  else if (loneSurrogateIndex(surface) >= 0) issues.push({ path: '/surface', message: 'holds half of a surrogate pair' });
  else if (surface.length > 200) issues.push({ path: '/surface', message: 'must be at most 200 characters' });
  if (typeof type !== 'string' || type === '') issues.push({ path: '/type', message: 'must be a non-empty string' });
  if (typeof popularity !== 'number' || !(popularity >= 0)) {
    issues.push({ path: '/popularity', message: 'must be a number of at least 0' });
  }
  if (issues.length > 0) throw new ValidationError('lexicon entry', issues);
  return {
    surface: surface as string,
    type: type as string,
    popularity: popularity as number,
    ...(source === undefined ? {} : { source }),
  };
}
