import type { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { parseTemplateFile } from './template-file.js';

const good = `
seed: 1
count: 10
lists:
  song: 晴天 稻香  晴天
  city: { type: place, words: [北京, New York] }
intents:
  music: { weight: 2, templates: ['放{song}'] }
  chat: { templates: [你好] }
`;
const issuesOf = (source: string) => {
  try {
    parseTemplateFile(source, 'x.templates.yaml');
  } catch (error) {
    return (error as ValidationError).issues.map(({ path, message }) => `${path} ${message}`);
  }
  return expect.fail('the file should have been refused');
};

describe('a template file', () => {
  it('has lists of words, once each, with their slot types', () => {
    const { lists } = parseTemplateFile(good, 'x');
    expect([...lists]).toEqual([
      ['song', { type: 'song', words: ['晴天', '稻香'] }],
      ['city', { type: 'place', words: ['北京', 'New York'] }],
    ]);
  });

  it('has intents with weights and templates', () => {
    const { seed, count, intents } = parseTemplateFile(good, 'x');
    expect([seed, count]).toEqual([1, 10]);
    expect(intents.map(({ intent, weight, patterns }) => [intent, weight, patterns.length])).toEqual([
      ['music', 2, 1],
      ['chat', 1, 1],
    ]);
  });

  it('needs no lists', () => {
    expect(parseTemplateFile('seed: 1\ncount: 1\nintents: { a: { templates: [x] } }', 'x').lists.size).toBe(0);
  });

  it('lists everything that is wrong, with pointers', () => {
    const bad = `
seed: 1.5
count: 0
list: {}
lists:
  years: [2012]
  a/b: { type: 3, words: [''], more: 1 }
intents:
  x: { weihgt: 2, weight: -1, templates: [] }
  y: { templates: [{ song: null }, 5, '()', '{yaers}{yaers}'] }
`;
    expect(issuesOf(bad)).toEqual([
      "/list is an unknown key; did you mean 'lists'?",
      '/seed must be an integer',
      '/count must be an integer from 1 to 10,000,000',
      '/lists/years must hold words: a text with spaces between them, or a list of strings (quote numbers)',
      '/lists/a~1b/more is an unknown key; allowed: type, words',
      '/lists/a~1b/type must be a string',
      '/lists/a~1b must hold words: a text with spaces between them, or a list of strings (quote numbers)',
      "/intents/x/weihgt is an unknown key; did you mean 'weight'?",
      '/intents/x/weight must be a number above 0',
      '/intents/x/templates must be a list of templates',
      "/intents/y/templates/0 must be a string; quote what starts with '{'",
      '/intents/y/templates/1 must be a string; quote it',
      '/intents/y/templates/2 says nothing',
      "/intents/y/templates/3 uses the unknown list 'yaers'; did you mean 'years'?",
    ]);
  });

  it.each([
    ['', ' must be a mapping'],
    ['- a', ' must be a mapping'],
    ['seed: 1\ncount: 1', '/intents must be a mapping'],
    ['seed: 1\ncount: 1\nintents: {}', '/intents must name at least one intent'],
    ['seed: [', 'line'],
    ['seed: 1\nseed: 2', 'unique'],
  ])('refuses %j', (source, message) => {
    expect(issuesOf(source).join('; ')).toContain(message);
  });
});
