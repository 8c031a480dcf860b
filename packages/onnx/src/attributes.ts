import type { HostTensor } from '@zooid/tensor';
import { GraphError } from './errors.js';

export type Attribute = number | string | readonly number[] | readonly string[] | HostTensor;
/**
 * Attribute values keep their ONNX kind: a whole number is an int and a fraction a float; `{ float: 1 }` marks a
 * float whose value happens to be whole.
 */
export type AttributeValue = Attribute | { readonly float: number } | { readonly floats: readonly number[] };
export type Attributes = Readonly<Record<string, AttributeValue>>;

/** @throws GraphError when present and not a whole number. */
export function intAttribute(attributes: Attributes, name: string, otherwise: number): number {
  const value = attributes[name] ?? otherwise;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongKind(name, 'a whole number', value);
  return value;
}

/** @throws GraphError when present and not a number. */
export function floatAttribute(attributes: Attributes, name: string, otherwise: number): number {
  const value = attributes[name] ?? otherwise;
  if (typeof value === 'number') return value;
  if (typeof value === 'object' && 'float' in value) return value.float;
  throw wrongKind(name, 'a number', value);
}

/** @throws GraphError when present and not a list of whole numbers. */
export function intsAttribute(attributes: Attributes, name: string): readonly number[] | undefined {
  const value = attributes[name];
  if (value === undefined) return undefined;
  if (Array.isArray(value) && value.every((item) => Number.isInteger(item))) return value as readonly number[];
  throw wrongKind(name, 'a list of whole numbers', value);
}

/** @throws GraphError when present and not a string. */
export function stringAttribute(attributes: Attributes, name: string, otherwise: string): string {
  const value = attributes[name] ?? otherwise;
  if (typeof value === 'string') return value;
  throw wrongKind(name, 'a string', value);
}

export function tensorAttribute(attributes: Attributes, name: string): HostTensor | undefined {
  const value = attributes[name];
  if (value === undefined) return undefined;
  if (typeof value === 'object' && 'dtype' in value) return value;
  throw wrongKind(name, 'a tensor', value);
}

function wrongKind(name: string, expected: string, value: unknown): GraphError {
  const shown = typeof value === 'object' ? 'another kind' : `'${String(value)}'`;
  return new GraphError(`Attribute '${name}' must be ${expected}, got ${shown}`);
}
