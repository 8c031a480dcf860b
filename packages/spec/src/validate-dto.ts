import 'reflect-metadata';
import { type Issue, ValidationError } from '@zooid/common';
import { instanceToPlain, plainToInstance } from 'class-transformer';
import { getMetadataStorage, validateSync } from 'class-validator';
import type { DtoClass } from './dto.js';
import { checkWithPlan, type Violation } from './dto-plan.js';
import { didYouMean } from './nearest.js';

export interface ValidateDtoOptions {
  /** JSON pointer of `value` inside the whole input; issues are reported below it. Default: `''`. */
  readonly at?: string;
}

/**
 * Builds a `Class` from plain data and checks it. Keys the class does not declare are refused, and the nearest
 * declared one is named.
 *
 * @param subject What is validated, for the message: "recipe.yaml", "request".
 * @returns An instance with the class's defaults filled in; `value` is not changed.
 * @throws ValidationError listing everything that is wrong, each with a JSON pointer.
 */
export function validateDto<T extends object>(
  Class: DtoClass<T>,
  value: unknown,
  subject: string,
  options: ValidateDtoOptions = {},
): T {
  const { instance, issues } = checkDto(Class, value, options.at ?? '');
  if (instance === undefined || issues.length > 0) throw new ValidationError(subject, issues);
  return instance;
}

/** Like `validateDto`, but returns the issues, so that a caller can gather those of many values into one error. */
export function checkDto<T extends object>(
  Class: DtoClass<T>,
  value: unknown,
  at = '',
): { readonly instance?: T; readonly issues: readonly Issue[] } {
  if (!isPlainObject(value)) return { issues: [{ path: at, message: `must be an object, got ${describe(value)}` }] };
  try {
    const checked = checkWithPlan(Class, value);
    if (checked !== undefined) {
      const { instance, violations } = checked;
      return { instance, issues: violations.flatMap((violation) => toIssues(violation, at)) };
    }
    const strays = unknownKeys(Class, value, at);
    const instance = plainToInstance(Class, value);
    if (declaredKeys(Class).size === 0) return { instance, issues: strays };
    const violations = validateSync(instance, {
      whitelist: true,
      forbidNonWhitelisted: true,
      forbidUnknownValues: true,
      validationError: { target: true, value: true },
    });
    return { instance, issues: [...strays, ...violations.flatMap((violation) => toIssues(violation, at))] };
  } catch (error) {
    if (error instanceof RangeError) return { issues: [{ path: at, message: 'is nested too deeply' }] };
    throw error;
  }
}

/** The plain data of a DTO with its defaults filled in: what a record of a run keeps. */
export function toPlain(dto: object): Record<string, unknown> {
  return instanceToPlain(dto);
}

const keysByClass = new WeakMap<DtoClass, ReadonlySet<string>>();

/** Keys that `Class` declares, inherited ones included. */
export function declaredKeys(Class: DtoClass): ReadonlySet<string> {
  let keys = keysByClass.get(Class);
  if (keys === undefined) {
    const metadata = getMetadataStorage().getTargetValidationMetadatas(Class, '', false, false);
    keys = new Set(metadata.map(({ propertyName }) => propertyName));
    keysByClass.set(Class, keys); // decorators run once, when the class is defined
  }
  return keys;
}

/** Appends one segment to a JSON pointer (RFC 6901). */
export function pointer(base: string, segment: string | number): string {
  return `${base}/${String(segment).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/**
 * class-validator sees undeclared keys of decorated classes. It has nothing to go by in a class without decorators,
 * and class-transformer silently drops these two names; both would let a key pass unnoticed.
 */
function unknownKeys(Class: DtoClass, value: object, at: string): Issue[] {
  const declared = declaredKeys(Class);
  return Object.keys(value)
    .filter((key) => declared.size === 0 || key === '__proto__' || key === 'constructor')
    .map((key) => ({ path: pointer(at, key), message: unknownKeyMessage(key, declared) }));
}

const typeChecks = ['isString', 'isInt', 'isNumber', 'isBoolean', 'isArray', 'isObject', 'isIn', 'isEnum'];

function toIssues(violation: Violation, at: string): Issue[] {
  const path = pointer(at, violation.property);
  const nested = (violation.children ?? []).flatMap((child) => toIssues(child, path));
  const constraints = Object.entries(violation.constraints ?? {});
  if (constraints.length === 0) return nested;

  if (violation.constraints?.whitelistValidation !== undefined) {
    const owner = violation.target?.constructor as DtoClass | undefined;
    return [{ path, message: unknownKeyMessage(violation.property, owner ? declaredKeys(owner) : []) }];
  }
  if (violation.value === undefined) return [{ path, message: 'is required' }];
  // A value of the wrong type fails every other check as well; only the type is worth saying.
  const wrongType = constraints.find(([name]) => typeChecks.includes(name));
  const shown = wrongType === undefined ? constraints : [wrongType];
  const own = shown.map(([name, text]) => ({ path, message: messageOf(name, text, violation) }));
  return [...own, ...nested];
}

function messageOf(name: string, text: string, violation: Violation): string {
  if (name === 'nestedValidation' || name === 'unknownValue') {
    return `must be an object${Array.isArray(violation.value) ? ' in every place' : ''}, got ${describe(violation.value)}`;
  }
  // The pointer names the property already.
  const message = text
    .replace(`each value in ${violation.property} `, 'each value ')
    .replace(`${violation.property} `, '');
  return typeChecks.includes(name) ? `${message}, got ${describe(violation.value)}` : message;
}

function unknownKeyMessage(key: string, declared: Iterable<string>): string {
  const known = [...declared];
  const hint = didYouMean(key, known);
  const list = known.length === 0 ? 'none is allowed here' : `allowed: ${known.join(', ')}`;
  return `is an unknown key${hint || `; ${list}`}`;
}

/** Names a value without quoting user text. */
function describe(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  if (typeof value === 'string') return value.length <= 40 ? JSON.stringify(value) : 'a string';
  return typeof value;
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
