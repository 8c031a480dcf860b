export { ServerConfig } from './config.js';
export { RequestError, type RequestErrorCode } from './errors.js';
export { configIssues, InsecureBindError, isLoopback, refuseInsecureBind } from './operations/binding.js';
export { GatheredLines } from './operations/gathered-lines.js';
export { createJsonLogger } from './operations/json-logger.js';
export { hashApiKey, keyHashPattern } from './operations/key-hash.js';
export {
  ApiKeyConfig,
  CorsConfig,
  LogConfig,
  MetricsConfig,
  ProxyConfig,
  RateLimitConfig,
} from './operations/settings.js';
export type { Problem } from './problem.js';
export type { Examples } from './routes/app-routes.js';
export type { ServerState } from './routes/probe-routes.js';
export { createServer, type ServerOptions, type ZooidServer } from './server.js';
