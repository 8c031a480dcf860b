import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { BatchSettings } from '@zooid/batcher';
import { type Logger as LoggerContract, silentLogger } from '@zooid/common';
import {
  App,
  DatasetFormat,
  HostEnvironment,
  Logger,
  Method,
  ModelBackend,
  ModelStore,
  Models,
  type Plugin,
  type ServiceIdentifier,
} from '@zooid/spec';
import { DataFiles } from './data/data-files.js';
import { DatasetFiles, type DatasetLocations } from './data/dataset-files.js';
import { createDatasetRegistry, readDatasetRegistry } from './data/dataset-registry.js';
import { type Endpoints, EndpointTable } from './endpoints/endpoints.js';
import { defaultLimits, type Limits } from './endpoints/limits.js';
import { EventHub, type KernelEvent } from './events.js';
import { ModelPool } from './models/model-pool.js';
import { PluginHost } from './plugins/plugin-host.js';
import { type PluginReference, resolvePlugin } from './plugins/plugin-reference.js';
import { createTraining, type Training } from './recipe/training.js';
import { createRegistry, type Registry } from './registry.js';

/** Where data sets are described and kept. */
export interface DatasetConfig extends Partial<DatasetLocations> {
  /** Registry file. Default: `appzoo/datasets.yaml` under the root, when there is one. */
  readonly registry?: string;
}

export interface KernelConfig {
  /** Project folder: relative paths and package names are resolved from here. Default: the working directory. */
  readonly root?: string;
  /** Each plugin's section, by plugin name; validated by the plugin's own class. */
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly limits?: Partial<Limits>;
  /** How apps batch the rows of concurrent requests. */
  readonly batching?: BatchSettings;
  /** Bytes that loaded models may take together; endpoints load at their first request then. Default: no limit. */
  readonly memoryBudget?: number;
  /** Default: no folders but `../shared/data` beside the root, and no downloads. */
  readonly datasets?: DatasetConfig;
}

export interface KernelOptions {
  /** What to load. Order matters only where two plugins of a kind compete: earlier stores and backends are asked first. */
  readonly plugins: readonly PluginReference[];
  /** Plugins at hand that may be named in `plugins` without an import, and are suggested when one is missing. */
  readonly available?: readonly Plugin[];
  readonly config?: KernelConfig;
  readonly logger?: LoggerContract;
  /** Environment variables that plugins may see, as `HostEnvironment`. Default: none. */
  readonly environment?: HostEnvironment;
  readonly onEvent?: (event: KernelEvent) => void;
}

/** A running host: loaded plugins and the services they share. Dispose of it to drain and release everything. */
export interface Kernel extends AsyncDisposable {
  /** In load order. */
  readonly plugins: readonly Plugin[];
  readonly apps: Registry<App>;
  readonly methods: Registry<Method>;
  readonly backends: Registry<ModelBackend>;
  readonly stores: Registry<ModelStore>;
  readonly formats: Registry<DatasetFormat>;
  readonly models: ModelPool;
  readonly endpoints: Endpoints;
  readonly training: Training;
  /** Data files of any format that a plugin reads. */
  readonly data: DataFiles;
  /** Registered data sets. */
  readonly datasets: DatasetFiles;
  readonly events: EventHub;
}

/**
 * Loads plugins and wires them together.
 *
 * @throws PluginError when a plugin is missing, duplicated, incompatible or fails to start; ValidationError when the
 * configuration does not fit. Whatever had started by then is released.
 */
export async function createKernel(options: KernelOptions): Promise<Kernel> {
  const { plugins: references, available = [], config = {}, logger = silentLogger, environment = {} } = options;
  const root = resolve(config.root ?? '.');
  const events = new EventHub((error) => logger.error({ err: error }, 'an event listener failed'));
  if (options.onEvent !== undefined) events.subscribe(options.onEvent);

  const datasets = await openDatasets(root, config.datasets ?? {}, events);
  const plugins: Plugin[] = [];
  for (const reference of references) plugins.push(await resolvePlugin(reference, { root, available }));

  // The pool asks for stores and backends when it is used, which is after every plugin has started.
  let host: PluginHost | undefined;
  const models = new ModelPool(
    { stores: () => host?.all(ModelStore) ?? [], backends: () => host?.all(ModelBackend) ?? [] },
    events,
    config.memoryBudget,
  );
  const services = new Map<ServiceIdentifier, unknown>([
    [Models, models],
    [Logger, logger],
    [HostEnvironment, environment],
  ]);
  host = await PluginHost.start({ plugins, available, settings: config.settings ?? {}, services, events });

  const apps = createRegistry('app', host.all(App));
  const methods = createRegistry('method', host.all(Method));
  const formats = createRegistry('dataset format', host.all(DatasetFormat));
  const endpoints = new EndpointTable({
    apps,
    models,
    events,
    limits: { ...defaultLimits, ...config.limits },
    batching: { ...config.batching },
    lazy: config.memoryBudget !== undefined,
  });
  const data = new DataFiles(formats, root);
  return {
    plugins: host.plugins,
    apps,
    methods,
    backends: createRegistry('backend', host.all(ModelBackend)),
    stores: createRegistry('store', host.all(ModelStore)),
    formats,
    models,
    endpoints,
    training: createTraining({ apps, methods, models, data: { files: data, datasets } }),
    data,
    datasets,
    events,
    [Symbol.asyncDispose]: once(() => releaseInOrder([[endpoints, models], [host]])),
  };
}

async function openDatasets(root: string, config: DatasetConfig, events: EventHub): Promise<DatasetFiles> {
  const { registry: named, folders = [join(root, '..', 'shared', 'data')], ...locations } = config;
  const file = named === undefined ? join(root, 'appzoo', 'datasets.yaml') : resolve(root, named);
  const registry =
    named !== undefined || existsSync(file) ? await readDatasetRegistry(file) : createDatasetRegistry(new Map());
  return new DatasetFiles(registry, {
    onDownload: (dataset, url) => events.emit({ type: 'dataset-download', dataset, url }),
    ...locations,
    folders,
  });
}

/**
 * Both endpoints and models refuse newcomers at once; a model goes when the endpoints that hold it have let go. The
 * plugins they run on come last. One failure does not stop the rest.
 */
async function releaseInOrder(stages: readonly (readonly AsyncDisposable[])[]): Promise<void> {
  const errors: unknown[] = [];
  for (const stage of stages) {
    const results = await Promise.allSettled(stage.map((part) => part[Symbol.asyncDispose]()));
    errors.push(...results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : [])));
  }
  if (errors.length > 0) throw new AggregateError(errors, 'the kernel did not shut down cleanly');
}

function once<T>(work: () => T): () => T {
  let result: { readonly value: T } | undefined;
  return () => {
    result ??= { value: work() };
    return result.value;
  };
}
