import type { Issue } from '@zooid/common';
import { ModelFolderError } from '../errors.js';
import { isSafeRelativePath } from './file-list.js';
import { type ModelManifest, manifestFormat } from './manifest.js';

type Check = (value: unknown, path: string, issues: Issue[]) => void;

const check =
  (expected: string, holds: (value: unknown) => boolean): Check =>
  (value, path, issues) => {
    if (!holds(value)) issues.push({ path, message: `must be ${expected}` });
  };

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const text = check('a non-empty string', (value) => typeof value === 'string' && value !== '');
const finite = check('a finite number', (value) => Number.isFinite(value));
const size = check('a non-negative integer', (value) => Number.isSafeInteger(value) && (value as number) >= 0);
const digest = check('a lower-case hex SHA-256', (value) => typeof value === 'string' && /^[0-9a-f]{64}$/.test(value));
const integer = check('an integer', (value) => Number.isSafeInteger(value));
const anyObject = check('an object', isObject);
const relativePath = check('a relative path inside the folder', isSafeRelativePath);

const optional =
  (inner: Check): Check =>
  (value, path, issues) => {
    if (value !== undefined) inner(value, path, issues);
  };

const list =
  (inner: Check): Check =>
  (value, path, issues) => {
    if (!Array.isArray(value)) issues.push({ path, message: 'must be an array' });
    else for (const [i, item] of value.entries()) inner(item, `${path}/${i}`, issues);
  };

const values =
  (inner: Check): Check =>
  (value, path, issues) => {
    if (!isObject(value)) issues.push({ path, message: 'must be an object' });
    else for (const [key, item] of Object.entries(value)) inner(item, `${path}/${pointer(key)}`, issues);
  };

/** Known fields only at the depth where digests live; the manifest as a whole tolerates additions. */
const fields =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value, path, issues) => {
    if (!isObject(value)) issues.push({ path, message: 'must be an object' });
    else for (const [key, inner] of Object.entries(checks)) inner(value[key], `${path}/${key}`, issues);
  };

const metric: Check = (value, path, issues) => {
  if (isObject(value)) fields({ value: finite, low: finite, high: finite })(value, path, issues);
  else finite(value, path, issues);
};

const manifest = fields({
  id: text,
  app: text,
  method: text,
  revision: text,
  files: list(fields({ path: relativePath, bytes: size, sha256: digest })),
  recipe: anyObject,
  data: list(fields({ name: text, files: list(text), sha256: digest, license: optional(text) })),
  seeds: list(integer),
  metrics: values(values(metric)),
  variants: optional(
    values(
      fields({
        file: relativePath,
        bytes: size,
        comparedOn: text,
        maxDifference: finite,
        maxProbabilityDifference: finite,
        decisions: size,
        changedDecisions: size,
        metric: optional(text),
        value: optional(finite),
        reference: optional(finite),
      }),
    ),
  ),
  golden: optional(relativePath),
  createdWith: values(text),
  license: optional(text),
  languages: optional(list(text)),
  description: optional(text),
});

/**
 * Checks a parsed `zooid.json`. Unknown fields are kept, so that later versions may add some.
 *
 * @throws ModelFolderError listing everything that is wrong, or naming the format version when it is not ours.
 */
export function validateManifest(value: unknown, subject: string): ModelManifest {
  const version = isObject(value) ? value.formatVersion : undefined;
  if (version !== manifestFormat) {
    const found = version === undefined ? 'has no formatVersion' : `has formatVersion ${JSON.stringify(version)}`;
    throw new ModelFolderError(
      `${subject} ${found}; this version of Zooid reads ${manifestFormat}: upgrade Zooid or make the model again`,
    );
  }
  const issues: Issue[] = [];
  manifest(value, '', issues);
  const { files } = value as ModelManifest;
  const paths = Array.isArray(files) ? files.map((file) => file?.path) : [];
  const repeated = paths.find((path, i) => path !== undefined && paths.indexOf(path) !== i);
  if (repeated !== undefined) issues.push({ path: '/files', message: `names '${repeated}' twice` });
  if (issues.length > 0) {
    const listed = issues.map(({ path, message }) => `${path} ${message}`).join('; ');
    throw new ModelFolderError(`${subject} is not a valid manifest: ${listed}`);
  }
  return value as ModelManifest;
}

const pointer = (key: string): string => key.replaceAll('~', '~0').replaceAll('/', '~1');
