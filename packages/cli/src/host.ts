import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  createKernel,
  formatBytes,
  type Kernel,
  type KernelEvent,
  type Limits,
  type LoadedConfig,
  loadConfig,
  MemoryBudgetError,
} from '@zooid/kernel';
import { PluginError } from '@zooid/spec';
import { defaultPlugins } from './default-plugins.js';
import { createLogger } from './logger.js';
import type { Terminal } from './terminal.js';

/** Options that every command takes. */
export interface GlobalOptions {
  readonly config?: string;
  readonly plugin: readonly string[];
  readonly json?: boolean;
  readonly verbose?: boolean;
}

/** A kernel with what the command line and zooid.yaml ask for. */
export interface Host extends AsyncDisposable {
  readonly kernel: Kernel;
  readonly project: Project;
}

/** What is known before any plugin is loaded. */
export interface Project {
  readonly root: string;
  readonly config?: LoadedConfig;
  readonly modelFolders: readonly string[];
  readonly dataFolders: readonly string[];
  readonly datasetRegistry?: string;
}

/** Zooid's own folder: holds `modelzoo/` and `appzoo/` in a checkout, and nothing of ours once installed. */
const home = fileURLToPath(new URL('../../..', import.meta.url));

const storeLocal = 'store-local';

/** Reads zooid.yaml, when there is one, and works out where things lie. @throws ValidationError */
export async function openProject({ environment }: Terminal, options: GlobalOptions): Promise<Project> {
  const file = options.config ?? (existsSync('zooid.yaml') ? 'zooid.yaml' : undefined);
  const config = file === undefined ? undefined : await loadConfig(file);
  const root = config?.root ?? process.cwd();
  const registry = [root, home]
    .map((folder) => join(folder, 'appzoo', 'datasets.yaml'))
    .find((path) => existsSync(path));
  return {
    root,
    ...(config !== undefined && { config }),
    modelFolders: unique([...(config?.models ?? []), join(root, 'modelzoo'), join(home, 'modelzoo')]),
    dataFolders: unique([
      ...(environment.dataFolder === undefined ? [] : [environment.dataFolder]),
      ...(config?.data ?? []),
      join(root, '..', 'shared', 'data'),
      join(home, '..', 'shared', 'data'),
    ]),
    ...(registry !== undefined && { datasetRegistry: registry }),
  };
}

/**
 * Loads the plugins.
 *
 * @param extra `withinBudget`: models are loaded when they are needed, as far as the memory budget goes.
 * @throws PluginError or ValidationError when that fails; nothing is left open then.
 */
export async function openHost(
  terminal: Terminal,
  options: GlobalOptions,
  extra: { readonly limits?: Partial<Limits>; readonly withinBudget?: boolean } = {},
): Promise<Host> {
  const project = await openProject(terminal, options);
  const { config } = project;
  const logger = createLogger(terminal, options.verbose ?? false);
  const plugins = [
    ...(config?.plugins ?? defaultPlugins).map(locate),
    ...options.plugin.map((reference) => (/^[./]/.test(reference) ? resolve(reference) : locate(reference))),
  ];
  const settings = { ...config?.settings };
  if (plugins.includes(locate(storeLocal))) {
    settings[storeLocal] = { roots: project.modelFolders, ...(settings[storeLocal] as object | undefined) };
  }
  const kernel = await createKernel({
    plugins,
    logger,
    environment: terminal.environment.forPlugins,
    config: {
      root: project.root,
      settings,
      limits: { ...extra.limits, ...config?.limits },
      ...(extra.withinBudget === true && config?.memoryBudget !== undefined && { memoryBudget: config.memoryBudget }),
      batching: { ...config?.batching },
      datasets: {
        folders: project.dataFolders,
        cache: join(terminal.environment.cacheFolder, 'data'),
        ...(project.datasetRegistry !== undefined && { registry: project.datasetRegistry }),
      },
    },
    onEvent: (event) => report(event, logger),
  });
  return { kernel, project, [Symbol.asyncDispose]: () => kernel[Symbol.asyncDispose]() };
}

/** Our own plugins come from beside this package, wherever the project lies; others are found from the project. */
function locate(reference: string): string {
  const own = defaultPlugins.find((name) => name === reference || name === `@zooid/${reference}`);
  if (own === undefined) return reference;
  try {
    return import.meta.resolve(own);
  } catch (cause) {
    throw new PluginError(own, `plugin '${own}' is not installed; reinstall Zooid, or name plugins in zooid.yaml`, {
      cause,
    });
  }
}

function report(event: KernelEvent, logger: ReturnType<typeof createLogger>): void {
  if (event.type === 'batch-dispatched') return; // thousands a second: the server counts them
  const { type, ...fields } = event;
  if (type === 'release-failed' || type === 'model-load-failed') logger.debug(fields, type);
  else if (type === 'app-notice' && event.level === 'warn') logger.warn({ endpoint: event.endpoint }, event.message);
  else if (type === 'app-notice') logger.info({ endpoint: event.endpoint }, event.message);
  else if (event.type === 'model-evicted') {
    const { model, bytes, idleMs } = event;
    const message = `unloaded '${model}' (${formatBytes(bytes)}), idle for ${Math.round(idleMs)} ms, for '${event.for}'`;
    logger.info({ model }, message);
  } else if (event.type === 'memory-exhausted') {
    const { model, ...shortage } = event;
    logger.warn({ model, ...shortage }, new MemoryBudgetError(model, shortage).message);
  } else logger.debug(fields, type);
}

const unique = (folders: readonly string[]): string[] => [...new Set(folders)];
