import { openSnapshot, type SnapshotRequest } from './open-snapshot.js';
import type { Snapshot } from './pull.js';
import { type PushedSnapshot, type PushRequest, pushFolder } from './push.js';
import type { HubReference } from './reference.js';
import type { HubSettings } from './settings.js';
import { HubTransport, type TransportOptions } from './transport.js';

/**
 * Models on the Hub: fetched into the cache that Python shares, published from model folders.
 *
 * On top of @huggingface/hub, whose listing, upload and commit calls it uses, this adds what downloads there lack: offline use,
 * file patterns, resumption, locks between processes, checks of size and digest, retries, progress.
 */
export class HubClient {
  readonly #transport: HubTransport;

  constructor(
    readonly settings: HubSettings,
    options: TransportOptions = {},
  ) {
    this.#transport = new HubTransport(settings, options);
  }

  /**
   * The newest content of `reference`, in the cache; see `openSnapshot`.
   *
   * @throws HubError of the kind that fits, AbortError.
   */
  pull(reference: HubReference, request: SnapshotRequest = {}): Promise<Snapshot> {
    return openSnapshot(this.#transport, reference, request);
  }

  /** Publishes a verified model folder as one commit; see `pushFolder`. */
  push(request: PushRequest): Promise<PushedSnapshot> {
    return pushFolder(this.#transport, request);
  }
}
