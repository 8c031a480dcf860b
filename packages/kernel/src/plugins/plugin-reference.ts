import { existsSync, readFileSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isAbsolute, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { contractVersion, type Plugin, PluginError } from '@zooid/spec';

/** A plugin, or where to find one: a package name, or a path starting with `.` or `/`. */
export type PluginReference = Plugin | string;

export interface PluginSources {
  /** Paths and package names are resolved from this folder. */
  readonly root: string;
  /** Plugins at hand that need no import, found by their name before packages are searched. */
  readonly available: readonly Plugin[];
}

/** @throws PluginError saying what was tried and what to do. */
export async function resolvePlugin(reference: PluginReference, sources: PluginSources): Promise<Plugin> {
  if (typeof reference !== 'string') return checkPlugin(reference, describeValue(reference));
  const known = sources.available.find(({ name }) => name === reference);
  if (known !== undefined) return checkPlugin(known, reference);
  return checkPlugin(await importDefault(reference, entryOf(reference, sources.root)), reference);
}

async function importDefault(reference: string, file: string): Promise<unknown> {
  let module: Record<string, unknown>;
  try {
    module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new PluginError(reference, `plugin '${reference}' could not be imported from ${file}: ${reason}`, { cause });
  }
  if (module.default === undefined) {
    throw new PluginError(
      reference,
      `${file} has no default export; a plugin module says: export default definePlugin({ … })`,
    );
  }
  return module.default;
}

function checkPlugin(value: unknown, reference: string): Plugin {
  if (!isPlugin(value)) {
    throw new PluginError(
      reference,
      `'${reference}' is not a plugin; its default export must be what definePlugin({ name, provides, register }) of @zooid/spec returns`,
    );
  }
  if (value.contract !== contractVersion) {
    throw new PluginError(
      value.name,
      `plugin '${value.name}' was written for plugin contract ${value.contract}, this kernel speaks ${contractVersion}; install a version of the plugin made for @zooid/spec contract ${contractVersion}`,
    );
  }
  return value;
}

function isPlugin(value: unknown): value is Plugin {
  if (typeof value !== 'object' || value === null) return false;
  const { name, contract, provides, requires, register } = value as Partial<Record<keyof Plugin, unknown>>;
  return (
    typeof name === 'string' &&
    name !== '' &&
    typeof contract === 'number' &&
    Array.isArray(provides) &&
    (requires === undefined || Array.isArray(requires)) &&
    typeof register === 'function'
  );
}

function describeValue(value: unknown): string {
  const name = (value as { name?: unknown } | null)?.name;
  return typeof name === 'string' ? name : typeof value;
}

/** Absolute path of the module to import. */
function entryOf(reference: string, root: string): string {
  if (isPath(reference)) {
    const path = reference.startsWith('file:') ? fileURLToPath(reference) : resolve(root, reference);
    if (!existsSync(path)) {
      throw new PluginError(reference, `plugin '${reference}' was not found: there is nothing at ${path}`);
    }
    return statSync(path).isDirectory() ? folderEntry(reference, path) : path;
  }
  // Short names are ours: app-intent is @zooid/app-intent.
  const candidates = reference.startsWith('@') ? [reference] : [reference, `@zooid/${reference}`];
  for (const candidate of candidates) {
    const file = packageEntry(candidate, root);
    if (file !== undefined) return file;
  }
  throw new PluginError(
    reference,
    `plugin '${reference}' was not found from ${root} (tried the packages ${candidates.join(' and ')}); install it, or give a path that starts with './'`,
  );
}

function isPath(reference: string): boolean {
  return reference.startsWith('.') || reference.startsWith('file:') || isAbsolute(reference);
}

/** The main module of an installed package, or `undefined` when it is not installed where `root` can see it. */
export function packageEntry(name: string, root: string): string | undefined {
  const require = createRequire(join(root, 'package.json'));
  try {
    return require.resolve(name);
  } catch {
    // Not installed, or installed with an export map that has no entry for require(): look at the folders ourselves.
    const folder = (require.resolve.paths(name) ?? []).map((path) => join(path, name)).find((path) => existsSync(path));
    return folder === undefined ? undefined : folderEntry(name, folder);
  }
}

/** The main module of a package folder; a folder without package.json has index.js or index.mjs. */
function folderEntry(reference: string, folder: string): string {
  const manifest = join(folder, 'package.json');
  const declared = existsSync(manifest) ? declaredEntry(JSON.parse(readFileSync(manifest, 'utf8'))) : undefined;
  const candidates = declared === undefined ? ['index.js', 'index.mjs'] : [declared];
  const found = candidates.map((file) => join(folder, file)).find((file) => existsSync(file));
  if (found === undefined) {
    throw new PluginError(
      reference,
      `plugin '${reference}': ${folder} has no ${candidates.join(' or ')}; build it first`,
    );
  }
  return found;
}

function declaredEntry(manifest: { exports?: unknown; main?: unknown }): string | undefined {
  let target = manifest.exports;
  if (isRecord(target) && '.' in target) target = target['.'];
  while (isRecord(target)) target = target.import ?? target.node ?? target.default;
  if (typeof target === 'string') return target;
  return typeof manifest.main === 'string' ? manifest.main : undefined;
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
