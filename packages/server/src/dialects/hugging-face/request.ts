import { type Issue, ValidationError } from '@zooid/common';
import type { Endpoint } from '@zooid/kernel';
import { pointer } from '@zooid/spec';
import type { Envelope } from '../../routes/envelope.js';
import { asTask } from '../as-task.js';

/** A request of the Hub's Inference API in the words of the app, and the way back for what is wrong with it. */
export interface TaskRequest {
  readonly envelope: Envelope;
  /** From a pointer into the envelope to one into the body as it was sent. */
  readonly locate: (path: string) => string;
}

/** `options` steers a cache and a queue that are not here: any object does, and means nothing. */
const fields = ['inputs', 'parameters', 'options'];

/** The task that has its parameters beside `inputs` instead of in `parameters`. */
const flat: Readonly<Record<string, readonly string[]>> = {
  'feature-extraction': ['normalize', 'truncate', 'truncation_direction', 'prompt_name'],
};

/** @throws ValidationError naming unknown fields; inputs and parameters themselves are left to the endpoint. */
export function readTaskRequest(body: unknown, endpoint: Endpoint): TaskRequest {
  if (!isObject(body)) {
    throw new ValidationError('request', [{ path: '', message: `must be an object such as {"inputs": "some text"}` }]);
  }
  const beside = flat[endpoint.app.task] ?? [];
  const allowed = [...fields, ...beside];
  const issues: Issue[] = [];
  const refuse = (field: string, message: string) => issues.push({ path: pointer('', field), message });
  for (const name of Object.keys(body)) {
    if (!allowed.includes(name)) refuse(name, `is an unknown field; allowed: ${allowed.join(', ')}`);
  }
  for (const name of ['parameters', 'options']) {
    if (body[name] !== undefined && body[name] !== null && !isObject(body[name])) refuse(name, 'must be an object');
  }
  const { truncation_direction: direction = 'right' } = body;
  if (beside.length > 0 && direction !== 'right') refuse('truncation_direction', "must be 'right'");
  if (issues.length > 0) throw new ValidationError('request', issues);

  const names = new Map(Object.entries(asTask(endpoint).parameters));
  const sent = new Map<string, string>();
  const parameters: Record<string, unknown> = {};
  const take = (name: string, value: unknown, from: string) => {
    const own = names.get(name) ?? name;
    parameters[own] = value;
    sent.set(pointer('/parameters', own), pointer(from, name));
  };
  for (const name of beside) {
    if (name !== 'truncation_direction' && body[name] !== undefined) take(name, body[name], '');
  }
  for (const [name, value] of Object.entries(body.parameters ?? {})) take(name, value, '/parameters');

  const { inputs } = body;
  const locate = (path: string): string => {
    const known = [...sent].find(([own]) => path === own || path.startsWith(`${own}/`));
    if (known !== undefined) return known[1] + path.slice(known[0].length);
    return Array.isArray(inputs) ? path : path.replace(/^\/inputs\/0(?=\/|$)/, '/inputs').replace(onlyText(inputs), '');
  };
  return { envelope: { inputs, parameters }, locate };
}

/** A string stands for `{text}`, so what is wrong with the text is wrong with the input itself. */
function onlyText(input: unknown): RegExp {
  return typeof input === 'string' ? /(?<=^\/inputs)\/text$/ : /$^/;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
