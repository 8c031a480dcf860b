import type { ModelPool } from '../models/model-pool.js';
import type { Endpoint } from './endpoint.js';

/** What became of an endpoint's model. */
export interface ReloadReport {
  /** Its address: `intent`, or `intent@2`. */
  readonly endpoint: string;
  /** Model id. */
  readonly model: string;
  /**
   * `verified`: a lazy endpoint that is not loaded will load `to` at the next request; `unloaded`: it was unloaded by
   * hand and stays so; `failed`: what served before still does.
   */
  readonly outcome: 'loaded' | 'replaced' | 'unchanged' | 'verified' | 'unloaded' | 'failed';
  /** Revision that served before. */
  readonly from?: string;
  /** Revision that serves now. */
  readonly to?: string;
  readonly error?: unknown;
}

/** Moves every endpoint to the newest content of its model, and says of each what became of it. */
export async function reloadEach(endpoints: readonly Endpoint[], models: ModelPool): Promise<readonly ReloadReport[]> {
  // Taken before the first reload, which moves all endpoints of its model.
  const before = endpoints.map((endpoint) => ({ endpoint, state: endpoint.state, from: endpoint.model.revision }));
  const reports: ReloadReport[] = [];
  for (const { endpoint, state, from } of before) {
    const { address, model, reference } = endpoint;
    const about = { endpoint: address, model: model.id };
    try {
      if (state === 'loaded') {
        await models.reload(reference);
        const to = endpoint.model.revision;
        reports.push({ ...about, outcome: from === to ? 'unchanged' : 'replaced', from, to });
      } else {
        const artifacts = await models.resolve(reference);
        models.backendFor(artifacts);
        endpoint.verified(artifacts);
        reports.push({ ...about, outcome: endpoint.lazy ? 'verified' : 'unloaded', to: artifacts.revision });
      }
    } catch (error) {
      reports.push({ ...about, outcome: 'failed', from, error });
    }
  }
  return reports;
}
