import type { Logger, LogMethod } from '@zooid/common';
import { colorsOf, type Terminal } from './terminal.js';

/** Logs to `err`: short lines for people on a terminal, JSON lines for collectors. `debug` only when verbose. */
export function createLogger(terminal: Terminal, verbose: boolean): Logger {
  const colors = colorsOf(terminal, terminal.err);
  const paint = { debug: colors.dim, info: colors.cyan, warn: colors.yellow, error: colors.red };
  const method =
    (level: keyof typeof paint): LogMethod =>
    (fields, message = '') => {
      const plain = Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, toPlain(value, verbose)]));
      const line =
        terminal.err.isTTY === true
          ? `${paint[level](level)} ${message} ${colors.dim(
              Object.entries(plain)
                .map(([name, value]) => `${name}=${value}`)
                .join(' '),
            )}`
          : JSON.stringify({ time: new Date().toISOString(), level, message, ...plain });
      terminal.err.write(`${line.trimEnd()}\n`);
    };
  return {
    debug: verbose ? method('debug') : () => {},
    info: method('info'),
    warn: method('warn'),
    error: method('error'),
  };
}

function toPlain(value: unknown, verbose: boolean): unknown {
  if (value instanceof Error) return verbose ? (value.stack ?? value.message) : value.message;
  return value;
}
