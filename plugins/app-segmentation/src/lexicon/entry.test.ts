import { describe, expect, it } from 'vitest';
import { parseEntry } from './entry.js';

const known = ['fine', 'coarse'];

describe('parseEntry', () => {
  it('takes a surface with or without granularity and weight', () => {
    expect(parseEntry({ surface: '移动互联网' }, known)).toEqual({ surface: '移动互联网' });
    const entry = { surface: 'New York', granularity: 'coarse', weight: 7.5 };
    expect(parseEntry(entry, known)).toEqual(entry);
  });

  it.each([
    [7, 'must be an object'],
    [['天'], 'must be an object'],
    [{}, '/surface must be a string'],
    [{ surface: ' \n' }, '/surface must be a string with at least one character'],
    [{ surface: '天\ud800' }, '/surface holds half of a surrogate pair'],
    [{ surface: '天'.repeat(101) }, '/surface must have at most 100 characters'],
    [
      { surface: '天', granularity: 'coarser' },
      '/granularity is "coarser", which this model was not trained for; did you mean \'coarse\'?; known: fine, coarse',
    ],
    [{ surface: '天', weight: 0 }, '/weight must be a number above 0'],
    [{ surface: '天', weight: '5' }, '/weight must be a number above 0'],
    [{ surface: '天', wieght: 5 }, "/wieght is an unknown key; did you mean 'weight'?"],
  ])('refuses %j', (record, message) => {
    expect(() => parseEntry(record, known)).toThrow(message);
  });
});
