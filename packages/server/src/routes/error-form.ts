import type { Problem } from '../problem.js';
import type { Schema } from './route.js';
import { problemSchema } from './schemas.js';

/** How a group of routes says that something went wrong. */
export interface ErrorForm {
  /** Name of its schema among the components of /openapi.json. */
  readonly name: string;
  readonly description: string;
  readonly mediaType: string;
  readonly schema: Schema;
  /** What goes wrong below these paths is told in this form, also where there is no route. */
  readonly paths: readonly string[];
  write(problem: Problem): { readonly status: number; readonly json: object };
}

/** RFC 9457: on the own routes, and wherever no dialect speaks. */
export const problemDetails: ErrorForm = {
  name: 'Problem',
  description: 'Problem details (RFC 9457)',
  mediaType: 'application/problem+json',
  schema: problemSchema,
  paths: [],
  write: (problem) => ({ status: problem.status, json: problem }),
};

/** The form in which errors at `path` are told. Paths are compared as Express does: by segments, in any case. */
export function errorFormAt(path: string, forms: Iterable<ErrorForm>): ErrorForm {
  const asked = `${path.toLowerCase()}/`;
  for (const form of forms) if (form.paths.some((prefix) => asked.startsWith(`${prefix}/`))) return form;
  return problemDetails;
}
