import type { PoolEvent } from '@zooid/runtime';
import { expect, it } from 'vitest';
import { logPoolEvents } from './log-pool-events.js';

const error = new Error('out of memory');
const events: readonly [PoolEvent, string][] = [
  [{ kind: 'worker-died', error }, 'error'],
  [{ kind: 'worker-lost', error, lost: 1 }, 'error'],
  [{ kind: 'replacement-failed', error, attempts: 2 }, 'error'],
  [{ kind: 'worker-returned', lost: 0 }, 'warn'],
  [{ kind: 'weights-not-shared', reason: 'no space left' }, 'warn'],
  [{ kind: 'worker-replaced' }, 'info'],
  [{ kind: 'worker-recycled', runs: 9 }, 'debug'],
  [{ kind: 'warm-up-failed', error }, 'debug'],
];

it.each(events)('logs %j at level %s, with the model and the reason', (event, level) => {
  const lines: [string, Readonly<Record<string, unknown>>][] = [];
  const at = (name: string) => (fields: Readonly<Record<string, unknown>>) => void lines.push([name, fields]);
  const logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
  logPoolEvents(logger, 'demo')(event);
  expect(lines).toHaveLength(1);
  const [name, fields] = lines[0]!;
  expect(name).toBe(level);
  expect(fields.model).toBe('demo');
  if ('error' in event) expect(fields.reason).toBe('out of memory');
});
