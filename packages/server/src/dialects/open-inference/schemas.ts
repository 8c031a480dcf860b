import type { ErrorForm } from '../../routes/error-form.js';
import type { Schema } from '../../routes/route.js';
import { datatypes } from './request.js';

const text = { type: 'string' } as const;
const flag = { type: 'boolean' } as const;
const parameters: Schema = { type: ['object', 'null'] };
const list = (items: Schema): Schema => ({ type: 'array', items });

const tensorData: Schema = {
  type: 'array',
  description: 'In row-major order; in requests flat or nested',
  items: { type: ['string', 'number', 'boolean', 'array'] },
};

export const serverSchema: Schema = {
  type: 'object',
  required: ['name', 'version', 'extensions'],
  properties: { name: text, version: text, extensions: list(text) },
};

export const healthSchema: Schema = { type: 'object', required: ['live'], properties: { live: flag } };

export const readySchema: Schema = {
  type: 'object',
  required: ['name', 'ready'],
  properties: { name: text, ready: flag },
};

const tensor: Schema = {
  type: 'object',
  required: ['name', 'datatype', 'shape'],
  properties: {
    name: text,
    datatype: { enum: datatypes },
    shape: { ...list({ type: 'integer' }), description: '-1: depends on the request' },
  },
};

export const metadataSchema: Schema = {
  type: 'object',
  required: ['name', 'versions', 'platform', 'inputs', 'outputs'],
  properties: { name: text, versions: list(text), platform: text, inputs: list(tensor), outputs: list(tensor) },
};

export const inferenceRequestSchema: Schema = {
  type: 'object',
  required: ['inputs'],
  properties: {
    id: { type: ['string', 'null'] },
    parameters: { ...parameters, description: 'Those of the app' },
    inputs: {
      type: 'array',
      minItems: 1,
      maxItems: 16,
      items: {
        type: 'object',
        required: ['name', 'shape', 'datatype', 'data'],
        properties: {
          name: { ...text, description: 'A field of the items of the app: text' },
          shape: { type: 'array', minItems: 1, maxItems: 8, items: { type: 'integer', minimum: 0 } },
          datatype: { const: 'BYTES' },
          parameters,
          data: tensorData,
        },
        additionalProperties: false,
      },
    },
    outputs: {
      type: ['array', 'null'],
      maxItems: 16,
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: text, parameters },
        additionalProperties: false,
      },
    },
  },
  additionalProperties: false,
};

export const inferenceResponseSchema: Schema = {
  type: 'object',
  required: ['model_name', 'model_version', 'outputs'],
  properties: {
    model_name: text,
    model_version: text,
    id: { ...text, description: 'As in the request' },
    outputs: list({
      type: 'object',
      required: ['name', 'shape', 'datatype', 'data'],
      properties: { name: text, shape: list({ type: 'integer' }), datatype: { enum: datatypes }, data: tensorData },
    }),
  },
};

/** Sent with load and unload, or left out. */
export const repositoryRequestSchema: Schema = {
  type: 'object',
  properties: { parameters: { type: 'object', properties: { unload_dependents: flag }, additionalProperties: false } },
  additionalProperties: false,
};

export const repositoryIndexRequestSchema: Schema = {
  type: 'object',
  properties: { ready: { ...flag, description: 'Only what is in memory' } },
  additionalProperties: false,
};

export const repositoryIndexSchema: Schema = list({
  type: 'object',
  required: ['name', 'version', 'state', 'reason'],
  properties: { name: text, version: text, state: { enum: ['READY', 'LOADING', 'UNAVAILABLE'] }, reason: text },
});

/** As the protocol says: one sentence, and 400 for whatever is wrong with a request. */
export const openInferenceErrors: ErrorForm = {
  name: 'OpenInferenceError',
  description: 'Error as of the Open Inference Protocol',
  mediaType: 'application/json',
  schema: { type: 'object', required: ['error'], properties: { error: text } },
  paths: ['/v2'],
  write: ({ status, detail }) => ({ status: status === 422 ? 400 : status, json: { error: detail } }),
};
