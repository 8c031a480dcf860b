import { type Issue, ValidationError } from '@zooid/common';
import type { Endpoint } from '@zooid/kernel';
import { declaredKeys } from '@zooid/spec';
import type { Envelope } from '../../routes/envelope.js';
import type { InferenceRequest, RequestInput } from './request.js';
import { refuseOthers, withoutTransport } from './transport-parameters.js';

/** What an app is asked by tensors, and the way back for what is wrong with it. */
export interface TensorRequest {
  readonly envelope: Envelope;
  /** From a pointer into the envelope to one into the body as it was sent. */
  readonly locate: (path: string) => string;
}

/**
 * Items from tensors: each BYTES tensor holds one field of all items, and is named like it. `text` must be among them.
 *
 * @throws ValidationError for tensors the app has no field for, of other types, or whose shape does not fit the data.
 */
export function itemsOf({ inputs, parameters }: InferenceRequest, { app }: Endpoint): TensorRequest {
  const issues: Issue[] = [];
  const own = withoutTransport(parameters ?? {}, '/parameters', issues);
  const fields = declaredKeys(app.item);
  const columns = inputs.map((input, index) => column(input, `/inputs/${index}`, fields, issues));
  const names = inputs.map(({ name }) => name);
  const count = columns[0]?.length ?? 0;
  if (issues.length === 0) issues.push(...misfits(names, columns, count));
  if (issues.length > 0) throw new ValidationError('request', issues);

  const items = Array.from({ length: count }, (_, item) =>
    Object.fromEntries(names.map((name, index) => [name, columns[index]![item]])),
  );
  const locate = (path: string): string => {
    const [, item, field] = /^\/inputs(?:\/(\d+)(?:\/([^/]+))?)?/.exec(path) ?? [];
    if (!path.startsWith('/inputs')) return path;
    const at = `/inputs/${Math.max(names.indexOf(field ?? 'text'), 0)}/data`;
    return item === undefined ? at : `${at}/${item}`;
  };
  return { envelope: { inputs: items, parameters: own }, locate };
}

/** What is wrong with tensors that are right each by itself. */
function misfits(names: readonly string[], columns: readonly (readonly unknown[])[], count: number): Issue[] {
  const issues: Issue[] = [];
  for (const [index, { length }] of columns.entries()) {
    const at = `/inputs/${index}`;
    const name = names[index]!;
    if (names.indexOf(name) < index) issues.push({ path: `${at}/name`, message: `'${name}' is given twice` });
    if (length !== count) {
      const message = `holds ${length} elements, but /inputs/0 holds ${count}; every input has one per item`;
      issues.push({ path: `${at}/data`, message });
    }
  }
  if (!names.includes('text')) issues.push({ path: '/inputs', message: `must hold a tensor named 'text'` });
  return issues;
}

/** The elements of one tensor. @param issues gets what is wrong with it. */
function column(input: RequestInput, at: string, fields: ReadonlySet<string>, issues: Issue[]): readonly unknown[] {
  const { name, datatype, shape, data } = input;
  if (!fields.has(name)) {
    issues.push({ path: `${at}/name`, message: `must be a field of the app's items: ${[...fields].join(', ')}` });
  }
  if (datatype !== 'BYTES') {
    issues.push({ path: `${at}/datatype`, message: `must be BYTES, the type of text; got ${datatype}` });
  }
  refuseOthers(input.parameters, `${at}/parameters`, issues);
  const elements = data.flat(shape.length - 1);
  const size = shape.reduce((product, dimension) => product * dimension, 1);
  if (elements.length !== size) {
    const message = `holds ${elements.length} elements, but shape [${shape.join(', ')}] says ${size}`;
    issues.push({ path: `${at}/data`, message });
  }
  if (size !== (shape[0] ?? 0)) {
    issues.push({ path: `${at}/shape`, message: 'must be [items] or [items, 1]: one text per item' });
  }
  const odd = elements.findIndex((element) => typeof element !== 'string');
  if (odd >= 0) issues.push({ path: `${at}/data/${odd}`, message: 'must be a string' });
  return elements;
}
