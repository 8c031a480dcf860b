import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TransferEvent } from '@zooid/common';
import { HubClient, type HubSettings, hubSettings, parseHubReference, type SnapshotRequest } from '@zooid/hub';
import { FakeHub, type FakeHubOptions } from './fake-hub.js';

/** Files of a repository as people publish them; `weights` are what a pull takes long for. */
export const weights = randomBytes(300_000);
export const model = {
  'config.json': '{"model_type":"bert"}',
  'tokenizer.json': '{}',
  'vocab.txt': '[PAD]\n[UNK]\n',
  'README.md': '# card',
  '.gitattributes': '*.safetensors filter=lfs',
  'model.safetensors': weights,
  'pytorch_model.bin': 'the same for others',
  'tf_model.h5': 'and for yet others',
  'onnx/model.onnx': 'graph',
  'onnx/model_quantized.onnx': 'small graph',
  'runs/events.out': 'a log',
};

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
