import { describe, expect, it } from 'vitest';
import { isRevision, parseHubReference } from './reference.js';

describe('parseHubReference', () => {
  it.each([
    ['google-bert/bert-base-uncased', { repo: 'google-bert/bert-base-uncased' }],
    ['org/name.v1_x@main', { repo: 'org/name.v1_x', revision: 'main' }],
    ['org/name@refs/pr/3', { repo: 'org/name', revision: 'refs/pr/3' }],
    ['org/name@v1.0+cpu', { repo: 'org/name', revision: 'v1.0+cpu' }],
    [`o/n@${'a'.repeat(40)}`, { repo: 'o/n', revision: 'a'.repeat(40) }],
  ])('reads %s', (text, expected) => {
    expect(parseHubReference(text)).toEqual(expected);
  });

  it.each([
    'bert-base-chinese',
    './org/name',
    '../name',
    '/org/name',
    'org/name/more',
    'org/',
    '/name',
    'org\\name',
    'C:/name',
    'org/na me',
    'org/na--me',
    'org/na..me',
    '.org/name',
    'org/-name',
    'org/name.git',
    `org/${'x'.repeat(97)}`,
    'org/name@',
    'org/name@../../etc',
    'org/name@/main',
    'org/name@a//b',
    'org/name@.hidden',
    'org/name@a@b',
    'org/字',
    '',
  ])('takes %j for something else', (text) => {
    expect(parseHubReference(text)).toBeUndefined();
  });
});

describe('isRevision', () => {
  it('refuses what git or a file system would not take', () => {
    for (const revision of ['a b', 'a~1', 'a^', 'a:b', 'a?', 'x.lock', 'a.', 'a/.b', 'x'.repeat(256), 'a\0'])
      expect(isRevision(revision), revision).toBe(false);
  });
});
