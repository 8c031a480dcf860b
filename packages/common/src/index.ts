export { type Capability, capabilityOf, defineCapability, type HasCapabilities } from './capability.js';
export { AbortError, type Issue, ValidationError, ZooidError } from './errors.js';
export { type Logger, type LogMethod, silentLogger } from './logger.js';
export type { Metrics, TrainEvent } from './train-event.js';
export type { TransferEvent } from './transfer-event.js';
