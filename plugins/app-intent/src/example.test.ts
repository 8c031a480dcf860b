import { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { parseExample } from './example.js';

const single = { textField: 'text', labelField: 'intent', multiLabel: false };
const issuesOf = (record: unknown, options = single) => {
  try {
    parseExample(record, options);
  } catch (error) {
    return (error as ValidationError).issues;
  }
  return expect.fail('the record should have been refused');
};

describe('parseExample', () => {
  it('reads text, label and slots, whose offsets are code points', () => {
    const slots = [{ type: 'song', start: 2, end: 4, value: '秘密' }];
    const record = { text: '😀听秘密', intent: 'music', slots, id: 7 };
    expect(parseExample(record, single)).toEqual({ text: '😀听秘密', labels: ['music'], slots });
  });

  it('reads the fields that the recipe names, and several labels once each', () => {
    const options = { textField: 'q', labelField: 'tags', multiLabel: true };
    expect(parseExample({ q: 'a', tags: ['x', 'y', 'x'] }, options)).toMatchObject({ labels: ['x', 'y'] });
    expect(parseExample({ q: 'a', tags: [] }, options)).toMatchObject({ labels: [] });
  });

  it.each([
    [null, '', 'must be a JSON object'],
    [['a'], '', 'must be a JSON object'],
    [{ intent: 'x' }, '/text', 'must be a non-empty string, got nothing'],
    [{ text: '  ', intent: 'x' }, '/text', 'must be a non-empty string, got "  "'],
    [{ text: 'a\ud800', intent: 'x' }, '/text', 'half of a surrogate pair'],
    [{ text: 'a', intent: 5 }, '/intent', 'must be a non-empty string, got a number'],
    [{ text: 'a', intent: ['x'] }, '/intent', 'must be a non-empty string, got a list'],
    [{ text: 'a', intent: 'x', slots: {} }, '/slots', 'must be a list'],
    [{ text: 'a', intent: 'x', slots: [null] }, '/slots/0', 'must have type'],
    [
      { text: 'ab', intent: 'x', slots: [{ type: 't', start: 0, end: 1, value: 'b' }] },
      '/slots/0',
      'covers "a", but its value is "b"',
    ],
    [{ text: 'ab', intent: 'x', slots: [{ type: 't', start: 1, end: 9, value: 'bc' }] }, '/slots/0', 'covers "b"'],
    [{ text: 'ab', intent: 'x', slots: [{ type: 't', start: -1, end: 1, value: 'ba' }] }, '/slots/0', 'covers "a"'],
  ])('refuses %j at %s', (record, path, message) => {
    expect(issuesOf(record)).toEqual([{ path, message: expect.stringContaining(message) }]);
  });

  it('lists everything that is wrong', () => {
    expect(issuesOf({ slots: 3 }).map(({ path }) => path)).toEqual(['/text', '/intent', '/slots']);
    expect(issuesOf({ text: 'a', intent: 'x' }, { ...single, multiLabel: true })).toEqual([
      { path: '/intent', message: 'must be a list of strings, got "x"' },
    ]);
  });
});
