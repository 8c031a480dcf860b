import { type Issue, ValidationError } from '@zooid/common';

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

/** Longest surface and longest type name, in UTF-16 units. */
export const MAX_SURFACE = 200;
export const MAX_TYPE = 100;

/**
 * Reads one record of a word list: `surface` or `word`, `type` or `category`, and optionally `popularity`, `count` or
 * `df`, `source` and `ambiguous`. Other fields are left alone: outside lists carry all sorts.
 *
 * @param source overrides the record's own.
 * @throws ValidationError with a pointer per wrong field.
 */
export function parseLexiconEntry(record: unknown, source?: string): LexiconEntry {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) {
    throw new ValidationError('lexicon entry', [{ path: '', message: 'must be an object with surface and type' }]);
  }
  const fields = record as Readonly<Record<string, unknown>>;
  const { surface = fields.word, type = fields.category, ambiguous } = fields;
  const popularity = fields.popularity ?? fields.count ?? fields.df ?? 1;
  const origin = source ?? fields.source;
  const issues: Issue[] = [];
  const refuse = (path: string, message: string) => issues.push({ path, message });
  if (typeof surface !== 'string' || surface.trim() === '') refuse('/surface', 'must be a non-empty string');
  else if (/\p{Surrogate}/u.test(surface)) refuse('/surface', 'holds half of a surrogate pair');
  else if (surface.length > MAX_SURFACE) refuse('/surface', `must be at most ${MAX_SURFACE} characters`);
  if (typeof type !== 'string' || type === '' || type.length > MAX_TYPE) {
    refuse('/type', `must be a string of 1 to ${MAX_TYPE} characters`);
  }
  if (typeof popularity !== 'number' || !(popularity >= 0 && popularity < Number.POSITIVE_INFINITY)) {
    refuse('/popularity', 'must be a number of at least 0');
  }
  if (origin !== undefined && typeof origin !== 'string') refuse('/source', 'must be a string');
  if (issues.length > 0) throw new ValidationError('lexicon entry', issues);
  return {
    surface: surface as string,
    type: type as string,
    popularity: popularity as number,
    ...(origin === undefined ? {} : { source: origin as string }),
    ...(ambiguous === true ? { ambiguous } : {}),
  };
}
