import type { Issue } from '@zooid/common';
import { loneSurrogateIndex, pointer } from '@zooid/spec';

/** A body full of faults needs no complete list. */
const maxIssues = 20;

/** Stands for the value behind a field name that is refused. */
const reserved = Symbol('reserved');

/**
 * What no body may hold, whatever its DTO: strings with lone surrogates, which cannot be encoded as UTF-8 and break
 * offsets, and field names that `Object.prototype` already owns (`__proto__`, `constructor`, `toString`), which would
 * reach validation as inherited members instead of as unknown fields.
 */
export function unsafeValues(body: unknown): Issue[] {
  const issues: Issue[] = [];
  /** Where the walk stands; pointers are made only for what is wrong. */
  const trail: (string | number)[] = [];
  const refuse = (message: string) => {
    issues.push({ path: trail.reduce<string>((path, step) => pointer(path, step), ''), message });
  };
  const descend = (step: string | number, value: unknown): void => {
    if (issues.length >= maxIssues) return;
    trail.push(step);
    visit(value);
    trail.pop();
  };
  const visit = (value: unknown): void => {
    if (typeof value === 'string') visitText(value);
    else if (value === reserved) refuse('is not an allowed field name');
    else if (Array.isArray(value)) for (let i = 0; i < value.length; i++) descend(i, value[i]);
    else if (typeof value === 'object' && value !== null) {
      for (const name of Object.keys(value)) visitField(name, (value as Record<string, unknown>)[name]);
    }
  };
  const visitText = (text: string): void => {
    const at = loneSurrogateIndex(text);
    if (at >= 0) refuse(`must be well-formed Unicode, but has a lone surrogate at index ${at}`);
  };
  const visitField = (name: string, member: unknown): void => {
    if (loneSurrogateIndex(name) >= 0) refuse('has a field name that is not well-formed Unicode');
    else if (name in Object.prototype) descend(name, reserved);
    else descend(name, member);
  };
  visit(body);
  return issues;
}
