import { type Issue, ValidationError } from '@zooid/common';
import { pointer } from '@zooid/spec';
import { repoint } from './repoint.js';

/** What `POST /v1/apps/{name}` carries, as it was sent. */
export interface Envelope {
  readonly inputs: unknown;
  readonly parameters: unknown;
}

const fields = ['inputs', 'parameters'];

/** @throws ValidationError naming unknown fields; inputs and parameters are left to the endpoint. */
export function readEnvelope(body: unknown): Envelope {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new ValidationError('request', [{ path: '', message: `must be an object such as {"inputs": "some text"}` }]);
  }
  const issues: Issue[] = Object.keys(body)
    .filter((name) => !fields.includes(name))
    .map((name) => ({ path: pointer('', name), message: `is an unknown field; allowed: ${fields.join(', ')}` }));
  if (issues.length > 0) throw new ValidationError('request', issues);
  const { inputs, parameters } = body as Partial<Envelope>;
  return { inputs, parameters };
}

/**
 * The same refusal, pointing into the body as it was sent: a string item is shorthand for `{text}`, so what is wrong
 * with its text is wrong with the item itself. Anything else is returned as it is.
 */
export function relocate(error: unknown, { inputs }: Envelope): unknown {
  const locate = (path: string) => {
    const [, at = '', index] = /^(\/inputs(?:\/(\d+))?)\/text$/.exec(path) ?? [];
    const item = index === undefined ? inputs : (inputs as readonly unknown[])[Number(index)];
    return typeof item === 'string' && at !== '' ? at : path;
  };
  return repoint(error, locate);
}
