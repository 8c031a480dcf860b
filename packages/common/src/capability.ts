/**
 * A typed key under which an object offers something that its own contract does not name: an app offers
 * `TrainingTask` to training methods this way, so that the product contracts need not know the numeric ones.
 */
export interface Capability<T> {
  readonly key: symbol;
  /** Phantom: carries `T` for inference, never set. */
  readonly type?: T;
}

/** Objects that offer capabilities. */
export interface HasCapabilities {
  readonly capabilities?: ReadonlyMap<symbol, unknown>;
}

export function defineCapability<T>(id: string): Capability<T> {
  return { key: Symbol.for(id) };
}

/** What `host` offers under `capability`, or `undefined` when it offers nothing there. */
export function capabilityOf<T>(host: HasCapabilities, capability: Capability<T>): T | undefined {
  return host.capabilities?.get(capability.key) as T | undefined;
}
