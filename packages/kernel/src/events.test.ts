import { describe, expect, it } from 'vitest';
import { EventHub } from './events.js';

describe('EventHub', () => {
  const loaded = { type: 'plugin-loaded', plugin: 'p' } as const;
  const closed = { type: 'endpoint-closed', endpoint: 'e' } as const;

  it('hands events to those who want them, in the order they subscribed', () => {
    const hub = new EventHub();
    const seen: string[] = [];
    hub.subscribe(({ type }) => seen.push(`all ${type}`));
    hub.on('plugin-loaded', ({ plugin }) => seen.push(`loaded ${plugin}`));
    hub.emit(loaded);
    hub.emit(closed);
    expect(seen).toEqual(['all plugin-loaded', 'loaded p', 'all endpoint-closed']);
  });

  it('stops when unsubscribed', () => {
    const hub = new EventHub();
    const seen: string[] = [];
    const stop = hub.subscribe(({ type }) => seen.push(type));
    stop();
    stop();
    hub.emit(loaded);
    expect(seen).toEqual([]);
  });

  it('goes on when a listener throws, and reports it', () => {
    const problems: unknown[] = [];
    const hub = new EventHub((error) => problems.push(error));
    const seen: string[] = [];
    hub.subscribe(() => {
      throw new Error('bad listener');
    });
    hub.subscribe(({ type }) => seen.push(type));
    hub.emit(loaded);
    expect(seen).toEqual(['plugin-loaded']);
    expect(problems).toMatchObject([{ message: 'bad listener' }]);
  });
});
