import { resolve } from 'node:path';
import { AbortError, type TransferEvent, ZooidError } from '@zooid/common';
import {
  CachedRepo,
  HubClient,
  HubIntegrityError,
  HubNotFoundError,
  type HubSettings,
  hubSettings,
  IntegrityError,
  isModelFolder,
  listCache,
  parseHubReference,
  pruneCache,
  readManifest,
  type SnapshotRequest,
  verifyCache,
} from '@zooid/hub';
import {
  type CachedModel,
  HostEnvironment,
  inject,
  injectable,
  Logger,
  type ModelArtifacts,
  type ModelCache,
  type ModelStore,
  type ModelSummary,
  type PulledModel,
  type PullOptions,
  type PushedModel,
  type PushOptions,
  type RunContext,
} from '@zooid/spec';
import { HubStoreConfig } from './config.js';
import { VerifiedSnapshots } from './verified-snapshots.js';

/**
 * Models on the Hugging Face Hub, as `org/name` or `org/name@revision`. What is found lies in the cache that Python shares,
 * complete and verified; it is fetched when it is not there, or when its branch has moved on.
 */
@injectable()
export class HubStore implements ModelStore {
  readonly name = 'hub';
  readonly remote = true;
  private readonly verified = new VerifiedSnapshots();
  private opened: { readonly settings: HubSettings; readonly client: HubClient } | undefined;

  constructor(
    @inject(HubStoreConfig) private readonly config: HubStoreConfig,
    @inject(HostEnvironment) private readonly environment: HostEnvironment,
    @inject(Logger) private readonly logger: Logger,
  ) {}

  /**
   * `undefined` for other references, and when the Hub has no such repository (or does not show it to this token).
   *
   * @throws HubError of the kind that fits when the Hub cannot be asked and the cache does not have it, or refuses.
   */
  async find(reference: string, context?: RunContext): Promise<ModelArtifacts | undefined> {
    AbortError.throwIfAborted(context?.signal);
    const parsed = parseHubReference(reference);
    if (parsed === undefined) return undefined;
    try {
      const { commit, folder } = await this.client.pull(parsed, {
        ...this.patterns(),
        signal: context?.signal,
        progress: this.announce(reference),
        onFallback: ({ message }) => this.logger.warn({ model: reference, reason: message }, 'using what is cached'),
      });
      const repo = new CachedRepo(this.settings.cacheFolder, parsed.repo);
      const { config, manifest, content, unlisted, isNew } = await this.verified.open(repo, commit, context?.signal);
      for (const file of isNew ? unlisted : []) {
        this.logger.warn({ model: reference, file }, 'weights file is not listed in zooid.json and was not verified');
      }
      return {
        id: reference,
        revision: `${commit}-${content}`,
        folder,
        readOnly: true,
        config,
        ...(unlisted.length > 0 && { unlisted }),
        ...(manifest !== undefined && { manifest: { ...manifest } }),
      };
    } catch (error) {
      if (error instanceof HubNotFoundError && error.what === 'repository') return undefined;
      if (!(error instanceof IntegrityError || error instanceof HubIntegrityError)) throw error;
      const fix = `run: zooid cache verify --remove, then: zooid pull ${reference}`;
      throw new HubIntegrityError(`'${reference}' is damaged: ${error.message}; ${fix}`, { cause: error });
    }
  }

  /** What the cache holds, without a request: of each model the main branch, else what was fetched last. */
  async *list(): AsyncGenerator<ModelSummary, void, undefined> {
    const models = new Map<string, CachedModel>();
    for (const model of await listCache(this.settings.cacheFolder)) {
      const other = models.get(model.id);
      if (!(await isModelFolder(model.folder))) continue;
      if (other === undefined || rank(model) > rank(other)) models.set(model.id, model);
    }
    for (const { id, refs, revision, folder, sizeBytes } of models.values()) {
      const reference = refs.includes('main') ? id : `${id}@${refs[0] ?? revision}`;
      yield { id: reference, store: this.name, sizeBytes, ...(await describe(folder)) };
    }
  }

  async pull(reference: string, options: PullOptions = {}): Promise<PulledModel | undefined> {
    const parsed = parseHubReference(reference);
    if (parsed === undefined) return undefined;
    const { include, exclude, signal, progress } = options;
    const request: SnapshotRequest = {
      ...this.patterns(),
      ...(include !== undefined && { include }),
      ...(exclude !== undefined && { exclude }),
      signal,
      progress,
    };
    const { commit, folder, files, bytes, fetchedBytes } = await this.client.pull(parsed, request);
    return { id: reference, revision: commit, folder, files, bytes, fetchedBytes };
  }

  /** `reference` may name a branch: `org/name@branch`. */
  async push(folder: string, reference: string, options: PushOptions = {}): Promise<PushedModel | undefined> {
    const parsed = parseHubReference(reference);
    if (parsed === undefined) return undefined;
    const { branch = parsed.revision, ...others } = options;
    const { commit, url, files, bytes } = await this.client.push({ ...others, folder, repo: parsed.repo, branch });
    return { id: parsed.repo, revision: commit, url, files, bytes };
  }

  get cache(): ModelCache {
    const { cacheFolder: folder } = this.settings;
    return {
      folder,
      list: () => listCache(folder),
      verify: (options) => verifyCache(folder, options),
      prune: (options) => pruneCache(folder, options),
    };
  }

  private get settings(): HubSettings {
    return this.open().settings;
  }

  private get client(): HubClient {
    return this.open().client;
  }

  /** When first used: a wrong `HF_ENDPOINT` must not stop those who need no Hub. @throws ValidationError */
  private open(): { readonly settings: HubSettings; readonly client: HubClient } {
    if (this.opened === undefined) {
      const { endpoint, cache, offline } = this.config;
      const settings = hubSettings(this.environment, {
        ...(endpoint !== undefined && { endpoint }),
        ...(cache !== undefined && { cacheFolder: resolve(cache) }),
        ...(offline !== undefined && { offline }),
      });
      this.opened = { settings, client: new HubClient(settings) };
    }
    return this.opened;
  }

  private patterns(): Pick<SnapshotRequest, 'include' | 'exclude'> {
    const { include, exclude } = this.config;
    return { exclude, ...(include !== undefined && { include }) };
  }

  /** Says once that something is being fetched, which may take a while. */
  private announce(model: string): (event: TransferEvent) => void {
    let bytes = 0;
    let said = false;
    return (event) => {
      if (event.type === 'plan') bytes = event.bytes;
      if (event.type === 'retry' || event.type === 'waiting') this.logger.info({ model }, event.reason);
      if (event.type !== 'progress' || said) return;
      said = true;
      this.logger.info({ model, bytes }, 'fetching from the Hub');
    };
  }
}

/** The main branch first, then the newest. */
const rank = ({ refs, modified }: CachedModel): string => `${refs.includes('main') ? 1 : 0} ${modified}`;

async function describe(folder: string): Promise<Partial<ModelSummary>> {
  try {
    const { app, license, description } = (await readManifest(folder)) ?? {};
    return {
      ...(app !== undefined && { app }),
      ...(license !== undefined && { license }),
      ...(description !== undefined && { description }),
    };
  } catch (error) {
    // One damaged model must not hide the others from a listing.
    if (!ZooidError.is(error)) throw error;
    return { description: `cannot be used: ${error.message}` };
  }
}
