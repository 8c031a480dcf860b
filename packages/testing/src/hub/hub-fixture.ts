import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TransferEvent } from '@zooid/common';
import { HubClient, type HubSettings, hubSettings, parseHubReference, type SnapshotRequest } from '@zooid/hub';
import { FakeHub, type FakeHubOptions } from './fake-hub.js';

/** A fake Hub, an empty cache, and clients between them that do not wait long. */
export class HubFixture implements AsyncDisposable {
  readonly events: TransferEvent[] = [];

  private constructor(
    readonly hub: FakeHub,
    readonly folder: string,
  ) {}

  static async start(options?: FakeHubOptions): Promise<HubFixture> {
    return new HubFixture(await FakeHub.start(options), await mkdtemp(join(tmpdir(), 'zooid-hub-')));
  }

  get cacheFolder(): string {
    return join(this.folder, 'hub');
  }

  client(overrides: Partial<HubSettings> = {}): HubClient {
    const settings = hubSettings(
      { HF_ENDPOINT: this.hub.endpoint, HF_HOME: this.folder },
      { timeoutMs: 2000, ...overrides },
    );
    return new HubClient(settings, { retry: { firstDelayMs: 5, maxDelayMs: 20, maxRateLimitWaitMs: 500 } });
  }

  pull(reference: string, request: SnapshotRequest = {}, overrides: Partial<HubSettings> = {}) {
    const progress = (event: TransferEvent) => void this.events.push(event);
    return this.client(overrides).pull(parseHubReference(reference)!, { progress, ...request });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub[Symbol.asyncDispose]();
    await rm(this.folder, { recursive: true, force: true });
  }
}
