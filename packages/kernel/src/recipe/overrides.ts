import { type Issue, ValidationError } from '@zooid/common';
import { parse } from 'yaml';

type Tree = Record<string, unknown>;

/**
 * Applies `train.epochs=1` to a recipe, in place. The value is read as YAML, so `1`, `true`, `[a, b]` and
 * `{ fraction: 0.1 }` mean what they mean in the file; a number in the path is a place in a list. Nothing after the `=`
 * takes the key out of the recipe.
 *
 * @throws ValidationError listing every override that cannot be read or leads through something that has no keys.
 */
export function applyOverrides(tree: Tree, overrides: readonly string[]): void {
  const issues: Issue[] = [];
  for (const override of overrides) {
    const problem = apply(tree, override);
    if (problem !== undefined) issues.push({ path: '', message: `'${override}' ${problem}` });
  }
  if (issues.length > 0) throw new ValidationError('--set', issues);
}

function apply(tree: Tree, override: string): string | undefined {
  const split = override.indexOf('=');
  if (split <= 0) return 'must look like key=value, for example train.epochs=1';
  const path = override.slice(0, split).split('.');
  if (path.some((key) => key === '')) return 'has an empty key in its path';

  let value: unknown;
  try {
    value = parse(override.slice(split + 1));
  } catch (error) {
    return `has a value that is not YAML: ${(error as Error).message.split('\n')[0]}`;
  }

  let node: unknown = tree;
  for (const [depth, key] of path.slice(0, -1).entries()) {
    const step = into(node, key);
    if (step === undefined) return `leads through ${path.slice(0, depth + 1).join('.')}, which has no keys`;
    node = step;
  }
  return put(node, path.at(-1)!, value) ? undefined : `leads to ${path.join('.')}, which is not a place in the list`;
}

/** The container under `key`, made when absent. Only own keys count, so that no path reaches a prototype. */
function into(node: unknown, key: string): unknown {
  if (Array.isArray(node)) return isContainer(node[Number(key)]) ? node[Number(key)] : undefined;
  const tree = node as Tree;
  if (!Object.hasOwn(tree, key) || tree[key] === null) put(tree, key, {});
  return isContainer(tree[key]) ? tree[key] : undefined;
}

function put(node: unknown, key: string, value: unknown): boolean {
  if (Array.isArray(node)) {
    const index = Number(key);
    if (!Number.isInteger(index) || index < 0 || index > node.length) return false;
    node[index] = value;
    return true;
  }
  if (value === null) return Reflect.deleteProperty(node as Tree, key);
  // defineProperty, so that a key such as __proto__ becomes an (unknown) key and nothing else.
  Object.defineProperty(node, key, { value, writable: true, enumerable: true, configurable: true });
  return true;
}

const isContainer = (value: unknown): boolean => typeof value === 'object' && value !== null;
