import { resolve } from 'node:path';
import type { Issue } from '@zooid/common';
import { checkDto, pointer } from '@zooid/spec';
import { isName, nameForm } from '../endpoints/address.js';
import { EndpointSection } from './zooid-config.js';

/** One endpoint of zooid.yaml, its model's path absolute. */
export interface ConfiguredEndpoint {
  readonly name: string;
  readonly model: string;
  readonly app?: string;
  readonly version?: string;
  /** Whether it answers to the bare name; said of one of several versions. */
  readonly default?: boolean;
  readonly lazy?: boolean;
}

/**
 * Reads the section `endpoints`: name → reference, section, or list of sections that differ by `version`.
 *
 * @param root Paths that start with `.` are relative to it.
 */
export function readEndpoints(
  section: Readonly<Record<string, unknown>>,
  root: string,
): { readonly endpoints: readonly ConfiguredEndpoint[]; readonly issues: readonly Issue[] } {
  const issues: Issue[] = [];
  const endpoints = Object.entries(section).flatMap(([name, value]) => {
    const at = pointer('/endpoints', name);
    if (!isName(name)) issues.push({ path: at, message: `must be ${nameForm}` });
    if (!Array.isArray(value)) return readOne(name, value, { at, root, issues });
    const versions = value.flatMap((one: unknown, i) => readOne(name, one, { at: pointer(at, i), root, issues }));
    if (versions.length === value.length) issues.push(...versionIssues(versions, at));
    return versions;
  });
  return { endpoints, issues };
}

interface Place {
  readonly at: string;
  readonly root: string;
  readonly issues: Issue[];
}

function readOne(name: string, value: unknown, { at, root, issues }: Place): ConfiguredEndpoint[] {
  const section = typeof value === 'string' ? { model: value } : value;
  const checked = checkDto(EndpointSection, withTextVersion(section), at);
  issues.push(...checked.issues);
  if (checked.instance === undefined || checked.issues.length > 0) return [];
  const { model, app, version, default: isDefault, lazy } = checked.instance;
  return [
    {
      name,
      model: model.startsWith('.') ? resolve(root, model) : model,
      ...(app !== undefined && { app }),
      ...(version !== undefined && { version }),
      ...(isDefault !== undefined && { default: isDefault }),
      ...(lazy !== undefined && { lazy }),
    },
  ];
}

/** YAML reads `version: 2` as a number. */
function withTextVersion(section: unknown): unknown {
  if (typeof section !== 'object' || section === null || !('version' in section)) return section;
  return Number.isSafeInteger(section.version) ? { ...section, version: String(section.version) } : section;
}

function versionIssues(versions: readonly ConfiguredEndpoint[], at: string): Issue[] {
  const issues: Issue[] = [];
  if (versions.length === 0) issues.push({ path: at, message: 'must name at least one version' });
  for (const [i, { version }] of versions.entries()) {
    const path = pointer(pointer(at, i), 'version');
    if (version === undefined) issues.push({ path, message: 'is required in a list of versions' });
    else if (versions.findIndex((other) => other.version === version) < i) {
      issues.push({ path, message: 'is that of an earlier entry' });
    }
  }
  const defaults = versions.flatMap(({ default: isDefault }, i) => (isDefault === true ? [i] : []));
  if (versions.length > 1 && defaults.length === 0) {
    issues.push({
      path: at,
      message: 'has several versions; say default: true of the one that answers to the bare name',
    });
  }
  for (const i of defaults.slice(1)) {
    issues.push({ path: pointer(pointer(at, i), 'default'), message: 'is true of an earlier version already' });
  }
  return issues;
}

/** What can be asked for once they are served: names, and `name@version` where there are versions. */
export function addressesOf(endpoints: readonly ConfiguredEndpoint[]): readonly string[] {
  const addresses = endpoints.flatMap(({ name, version }) =>
    version === undefined ? [name] : [name, `${name}@${version}`],
  );
  return [...new Set(addresses)];
}
