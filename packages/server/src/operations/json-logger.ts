import type { Logger, LogMethod } from '@zooid/common';
import pino from 'pino';
import type { LogConfig } from './settings.js';

/** Fields that never reach a log, wherever they are given. */
const secrets = ['authorization', 'cookie', 'apiKey', 'password', 'token', 'secret', '["x-api-key"]'];

/** Fields that hold what users wrote. */
const userText = ['inputs', 'text', 'texts', 'body', 'prompt', 'messages'];

/**
 * JSON lines by pino: `time`, `level`, `message` and the fields. Without user text: an error is told by its type, code
 * and stack frames, since messages of apps and libraries quote what they were given; at level `debug` they are told too.
 *
 * @param destination Where the lines go, such as `process.stderr`.
 */
export function createJsonLogger(level: LogConfig['level'], destination: { write(line: string): unknown }): Logger {
  const withMessages = level === 'debug';
  const describe = (error: unknown) => describeError(error, withMessages);
  const paths = [...secrets, ...userText].flatMap((name) => [name, name.startsWith('[') ? `*${name}` : `*.${name}`]);
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'message',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { error: describe, err: describe },
      redact: { paths, censor: '[redacted]' },
    },
    { write: (line) => void destination.write(line) },
  );
  const method =
    (name: 'debug' | 'info' | 'warn' | 'error'): LogMethod =>
    (fields, message) =>
      logger[name](fields, message);
  return { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') };
}

function describeError(error: unknown, withMessage: boolean): object {
  if (!(error instanceof Error)) return { type: typeof error };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^ {4}at /.test(line));
  return {
    type: error.name,
    ...('code' in error && typeof error.code === 'string' && { code: error.code }),
    ...(withMessage && { message: error.message }),
    frames: frames.map((line) => line.trim()),
  };
}
