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
  const options = {
    level,
    base: null,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { error: describe, err: describe },
  };
  const to = { write: (line: string) => void destination.write(line) };
  const careful = pino({ ...options, redact: { paths, censor: '[redacted]' } }, to);
  const quick = pino(options, to);
  const method =
    (name: 'debug' | 'info' | 'warn' | 'error'): LogMethod =>
    (fields, message) =>
      (hidesNothing(fields) ? quick : careful)[name](fields, message);
  return { debug: method('debug'), info: method('info'), warn: method('warn'), error: method('error') };
}

const hidden = new Set([...secrets, ...userText, 'x-api-key']);

/** Looking for what to redact takes longer than all else about a line; plain fields of other names hold nothing of it. */
function hidesNothing(fields: Readonly<Record<string, unknown>>): boolean {
  for (const name of Object.keys(fields)) if (typeof fields[name] === 'object' || hidden.has(name)) return false;
  return true;
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
