import type { Issue } from '@zooid/common';
import { loneSurrogateIndex, pointer } from '@zooid/spec';

/** A body full of faults needs no complete list. */
const maxIssues = 20;

/**
 * What no body may hold, whatever its DTO: strings with lone surrogates, which cannot be encoded as UTF-8 and break
 * offsets, and field names that `Object.prototype` already owns (`__proto__`, `constructor`, `toString`), which would
 * reach validation as inherited members instead of as unknown fields.
 */
export function unsafeValues(body: unknown): readonly Issue[] {
  const search = new Search();
  search.visit(body);
  return search.issues;
}

/** A walk over one body. */
class Search {
  readonly issues: Issue[] = [];
  /** Where it stands; pointers are made only for what is wrong. */
  private readonly trail: (string | number)[] = [];

  visit(value: unknown): void {
    if (typeof value === 'string') {
      const at = loneSurrogateIndex(value);
      if (at >= 0) this.refuse(`must be well-formed Unicode, but has a lone surrogate at index ${at}`);
    } else if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) this.descend(i, value[i]);
    } else if (typeof value === 'object' && value !== null) {
      for (const name of Object.keys(value)) this.visitField(name, (value as Record<string, unknown>)[name]);
    }
  }

  private visitField(name: string, member: unknown): void {
    if (loneSurrogateIndex(name) >= 0) this.refuse('has a field name that is not well-formed Unicode');
    else if (name in Object.prototype) {
      if (this.issues.length >= maxIssues) return;
      this.trail.push(name);
      this.refuse('is not an allowed field name');
      this.trail.pop();
    } else this.descend(name, member);
  }

  private descend(step: string | number, value: unknown): void {
    if (this.issues.length >= maxIssues) return;
    this.trail.push(step);
    this.visit(value);
    this.trail.pop();
  }

  private refuse(message: string): void {
    this.issues.push({ path: this.trail.reduce<string>((path, step) => pointer(path, step), ''), message });
  }
}
