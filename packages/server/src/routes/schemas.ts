import type { Schema } from './route.js';

const text = { type: 'string' } as const;

const modelSchema: Schema = {
  type: 'object',
  required: ['id', 'revision'],
  properties: { id: text, revision: { ...text, description: 'Changes whenever any file of the model does' } },
};

export const appSchema: Schema = {
  type: 'object',
  required: ['name', 'app', 'task', 'description', 'state', 'model', 'collections'],
  properties: {
    name: { ...text, description: 'As in /v1/apps/{name}' },
    app: { ...text, description: 'The kind of app: intent' },
    task: { ...text, description: 'Hugging Face task id' },
    description: text,
    version: { ...text, description: 'Where there are several' },
    default: { type: 'boolean', description: 'Of several versions: answers to the bare name' },
    state: { enum: ['loaded', 'loading', 'unloaded'] },
    model: modelSchema,
    collections: { type: 'array', items: text, description: 'Known while it is loaded' },
    example: { description: 'An input the app answers sensibly' },
  },
};

export const entrySchema: Schema = {
  type: 'object',
  required: ['name', 'version', 'size'],
  properties: {
    name: text,
    version: { ...text, description: 'Content hash' },
    size: { type: 'integer', minimum: 0 },
  },
};

export const aliasesSchema: Schema = {
  type: 'object',
  required: ['aliases'],
  properties: { aliases: { type: 'object', additionalProperties: text } },
};

export const aliasSchema: Schema = {
  type: 'object',
  required: ['target'],
  properties: { target: { ...text, description: 'intent, intent@2, or another alias' } },
  additionalProperties: false,
};

/** RFC 9457, with the extension members of this server. */
export const problemSchema: Schema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail', 'code'],
  properties: {
    type: { type: 'string', format: 'uri-reference' },
    title: text,
    status: { type: 'integer' },
    detail: text,
    code: { ...text, description: 'Stable; texts may improve' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['pointer', 'detail'],
        properties: { pointer: { ...text, description: 'JSON pointer into the request body' }, detail: text },
      },
    },
  },
};

/** The request of an app: one item or several, a string being shorthand for `{text}`. */
export function envelopeSchema(item: Schema, parameters: Schema): Schema {
  const one: Schema = { anyOf: [{ type: 'string', minLength: 1 }, item] };
  return {
    type: 'object',
    required: ['inputs'],
    additionalProperties: false,
    properties: { inputs: { anyOf: [one, { type: 'array', minItems: 1, items: one }] }, parameters },
  };
}

export function outputsSchema(output: Schema): Schema {
  return {
    type: 'object',
    required: ['outputs', 'model'],
    properties: { outputs: { type: 'array', items: output }, model: modelSchema },
  };
}
