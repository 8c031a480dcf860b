import { describe, expect, it } from 'vitest';
import { createJsonLogger } from './json-logger.js';

describe('the JSON logger', () => {
  it('keeps secrets and user text out, whatever it is given', () => {
    const lines: string[] = [];
    const logger = createJsonLogger('info', { write: (line) => lines.push(line) });
    const secret = 'hidden';
    logger.info({ authorization: secret, headers: { 'x-api-key': secret }, inputs: secret, request: { text: secret } });
    logger.error({ error: new TypeError(secret) }, 'failed');
    logger.debug({ route: '/x' });
    for (const name of ['authorization', 'x-api-key', 'text', 'body']) logger.info({ requestId: 'r', [name]: secret });
    expect(lines).toHaveLength(6);
    expect(lines.join('')).not.toContain(secret);
    expect(JSON.parse(lines[1]!)).toMatchObject({ level: 'error', message: 'failed', error: { type: 'TypeError' } });
  });
});
