export { ServerConfig } from './config.js';
export { RequestError, type RequestErrorCode } from './errors.js';
export type { Problem } from './problem.js';
export type { Examples } from './routes/app-routes.js';
export type { ServerState } from './routes/probe-routes.js';
export { createServer, type ServerOptions, type ZooidServer } from './server.js';
