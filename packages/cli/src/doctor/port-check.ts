import { once } from 'node:events';
import { createServer } from 'node:net';
import { UsageError } from '../errors.js';

/**
 * Binds the address for a moment.
 *
 * @throws UsageError when that is not possible.
 */
export async function bindForAMoment(host: string, port: number): Promise<string> {
  if (port === 0) return 'any free port';
  const server = createServer().listen(port, host);
  try {
    await once(server, 'listening'); // rejects with the 'error' event
  } catch (cause) {
    throw explainBindError(cause, host, port);
  }
  const closed = once(server, 'close');
  server.close();
  await closed;
  return `${host}:${port} is free`;
}

/** What to do about an address that cannot be bound; other errors are returned as they are. */
export function explainBindError(error: unknown, host: string, port: number): unknown {
  const reasons: Record<string, string> = {
    EADDRINUSE: `port ${port} is in use; choose another with --port`,
    EACCES: `port ${port} needs more rights; choose one above 1023 with --port`,
    EADDRNOTAVAIL: `this machine has no address ${host}; choose another with --host`,
    ENOTFOUND: `the host name ${host} is unknown; choose another with --host`,
  };
  const reason = reasons[(error as NodeJS.ErrnoException).code ?? ''];
  return reason === undefined ? error : new UsageError(reason, { cause: error });
}
