import type { RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import type { ServerConfig } from './config.js';

/** How often requests that arrive too slowly are looked for. Node's own default lets them stay 30 s longer. */
export const checkIntervalMs = 1000;

/**
 * Requests that one connection may have sent ahead of the reply it waits for. Clients that pipeline at all send a few; the
 * replies to all of them wait in memory, and one packet holds a thousand.
 */
const maxAhead = 64;

/** How long nothing at all may move on a connection after its reply is due: its caller does not read. */
const unreadMs = 10_000;

/** Cuts off callers who send their requests too slowly, or do not take their replies. */
export function boundSlowClients(server: Server, config: Pick<ServerConfig, 'requestTimeoutMs' | 'deadlineMs'>): void {
  server.requestTimeout = config.requestTimeoutMs;
  server.headersTimeout = Math.min(config.requestTimeoutMs, 10_000);
  server.timeout = config.deadlineMs + unreadMs;
}

/** `listener`, without the requests of connections that send too many ahead of their replies: these are cut. */
export function boundPipelines(listener: RequestListener): RequestListener {
  const ahead = new WeakMap<Socket, number>();
  return (request, response) => {
    const { socket } = request;
    // The parser goes on to the end of what has arrived, also after the cut.
    if (socket.destroyed) return;
    // A response has its socket from the start, unless it waits for the one before it.
    if (response.socket === null) {
      const waiting = (ahead.get(socket) ?? 0) + 1;
      if (waiting > maxAhead) return void socket.destroy();
      ahead.set(socket, waiting);
      response.once('close', () => ahead.set(socket, ahead.get(socket)! - 1));
    }
    listener(request, response);
  };
}
