import type { Endpoint, Kernel } from '@zooid/kernel';

/** The name under which a command opens the one model it works with. */
const only = 'model';

/** Opens `reference` for a command that works with one model. @throws ModelNotFoundError, ModelError */
export function openModel(kernel: Kernel, reference: string, signal?: AbortSignal): Promise<Endpoint> {
  return kernel.endpoints.open(only, reference, signal === undefined ? {} : { signal });
}
