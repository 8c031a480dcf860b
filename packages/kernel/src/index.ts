export { Endpoint, type EndpointAnswer, type ParsedRequest } from './endpoints/endpoint.js';
export type { Endpoints, OpenEndpointOptions } from './endpoints/endpoints.js';
export { defaultLimits, type Limits } from './endpoints/limits.js';
export { EventHub, type KernelEvent, type KernelEventOf } from './events.js';
export { createKernel, type Kernel, type KernelConfig, type KernelOptions } from './kernel.js';
export type { LoadedModel, ModelPool } from './models/model-pool.js';
export type { PluginReference } from './plugins/plugin-reference.js';
export type { Registry } from './registry.js';
