import { type Issue, ValidationError } from '@zooid/common';
import { nearest, pointer } from '@zooid/spec';
import { isName, nameForm, parseAddress } from './address.js';

/** Alias → what it stands for: an endpoint, a version of one (`intent@2`), or another alias. */
export type AliasMap = Readonly<Record<string, string>>;

/**
 * What is wrong with aliases, each at `/<alias>`.
 *
 * @param served What can be aliased: names, and versions of them as `name@version`.
 */
export function aliasIssues(aliases: AliasMap, served: readonly string[]): Issue[] {
  const known = new Set(served);
  const issues: Issue[] = [];
  for (const [alias, target] of Object.entries(aliases)) {
    const path = pointer('', alias);
    const refuse = (message: string) => issues.push({ path, message });
    if (!isName(alias)) refuse(`must be ${nameForm}`);
    else if (known.has(alias)) refuse('is the name of an endpoint; choose another for the alias');
    else if (typeof target !== 'string') refuse('must be a name such as intent or intent@2');
    else {
      const way = wayOf(alias, aliases);
      if (way.isCycle) refuse(`leads back to itself: ${way.steps.join(' → ')}`);
      else if (!known.has(way.end)) refuse(unknownTarget(way.end, [...served, ...Object.keys(aliases)], alias));
    }
  }
  return issues;
}

/** Other names for endpoints, which operators may point elsewhere while they are used. */
export class Aliases {
  #map = new Map<string, string>();

  get entries(): AliasMap {
    return Object.fromEntries(this.#map);
  }

  /** In place of all there were. @throws ValidationError; the old ones stay then. */
  replace(aliases: AliasMap, served: readonly string[]): void {
    const issues = aliasIssues(aliases, served);
    if (issues.length > 0) throw new ValidationError('aliases', issues);
    this.#map = new Map(Object.entries(aliases));
  }

  /** The address that an alias leads to; what is none is returned as it is. `alias@2` is that version of its target. */
  resolve(address: string): string {
    const { name, version } = parseAddress(address);
    if (!this.#map.has(name)) return address;
    const { end } = wayOf(name, this.entries);
    return version === undefined ? end : `${end}@${version}`; // of a version there is no version: it will be unknown
  }
}

interface Way {
  /** Aliases on the way, and where it ends. */
  readonly steps: readonly string[];
  readonly end: string;
  readonly isCycle: boolean;
}

function wayOf(alias: string, aliases: AliasMap): Way {
  const steps = [alias];
  for (let at = alias; ; ) {
    const next = Object.hasOwn(aliases, at) ? aliases[at] : undefined;
    if (next === undefined) return { steps, end: at, isCycle: false };
    const isCycle = steps.includes(next);
    steps.push(next);
    if (isCycle) return { steps, end: next, isCycle };
    at = next;
  }
}

function unknownTarget(target: string, candidates: readonly string[], alias: string): string {
  const others = candidates.filter((candidate) => candidate !== alias);
  const versions = others.filter((other) => other.startsWith(`${parseAddress(target).name}@`));
  const found = nearest(target, versions.length > 0 && target.includes('@') ? versions : others);
  const hint = found === undefined ? '' : `; did you mean '${found}'?`;
  return `leads to '${target}', which is not served${hint} (known: ${others.join(', ') || 'none'})`;
}
