import { ZooidError } from '@zooid/common';

/** The endpoint is there, but an operator has unloaded its model. */
export class EndpointUnloadedError extends ZooidError {
  readonly code = 'ENDPOINT_UNLOADED';

  constructor(readonly endpoint: string) {
    super(`'${endpoint}' is unloaded; it answers again when it has been loaded`);
  }
}
