import { describe, expect, it } from 'vitest';
import { formatEvent } from './server-event.js';

describe('formatEvent', () => {
  it('writes the fields that are there, and data on one line whatever it holds', () => {
    expect(formatEvent({ data: { text: 'a\nb\r\u2028' } })).toBe('data: {"text":"a\\nb\\r\u2028"}\n\n');
    expect(formatEvent({ event: 'output', id: '7', retry: 1500, data: null })).toBe(
      'event: output\nid: 7\nretry: 1500\ndata: null\n\n',
    );
  });

  it.each([{ event: 'a\ndata: forged' }, { id: 'a\rb' }, { id: 'a\0b' }])('refuses %j', (fields) => {
    expect(() => formatEvent({ ...fields, data: 1 })).toThrow(TypeError);
  });
});
