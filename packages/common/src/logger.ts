/** Fields first, message second: the calling convention of pino, so a pino logger fits as it is. */
export type LogMethod = (fields: Readonly<Record<string, unknown>>, message?: string) => void;

/** What Zooid asks of a logger. User text is never logged above `debug`. */
export interface Logger {
  readonly debug: LogMethod;
  readonly info: LogMethod;
  readonly warn: LogMethod;
  readonly error: LogMethod;
}

const silence: LogMethod = () => {};

/** Drops everything; the default wherever a logger is optional. */
export const silentLogger: Logger = { debug: silence, info: silence, warn: silence, error: silence };
