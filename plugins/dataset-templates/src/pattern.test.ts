import { describe, expect, it } from 'vitest';
import { isAlwaysEmpty, listsOf, parsePattern } from './pattern.js';

const text = (text: string) => ({ kind: 'text', text });

describe('a template', () => {
  it('is text, slots, phrases and alternatives', () => {
    expect(parsePattern('放{song}给<who>')).toEqual({
      kind: 'sequence',
      parts: [text('放'), { kind: 'slot', list: 'song' }, text('给'), { kind: 'phrase', list: 'who' }],
    });
    expect(parsePattern('(请|)听')).toEqual({
      kind: 'sequence',
      parts: [{ kind: 'choice', options: [text('请'), { kind: 'sequence', parts: [] }] }, text('听')],
    });
    expect(parsePattern('听')).toEqual(text('听'));
  });

  it('nests', () => {
    const pattern = parsePattern('(a({x}|b)|c<y>)');
    expect([...listsOf(pattern)]).toEqual(['x', 'y']);
    expect(pattern).toMatchObject({ kind: 'choice', options: [{ kind: 'sequence' }, { kind: 'sequence' }] });
  });

  it('takes what follows a backslash as it is', () => {
    expect(parsePattern('\\(笑\\)\\{x\\}\\|\\\\')).toEqual(text('(笑){x}|\\'));
  });

  it.each([
    ['(a|b', "missing ')' at character 5 of '(a|b'"],
    ['a)', "unexpected ')' at character 2"],
    ['a}', "unexpected '}' at character 2"],
    ['😀>', "unexpected '>' at character 2"],
    ['{song', "missing '}' at character 2"],
    ['< >', 'empty list name at character 2'],
    ['a\\', 'nothing after the backslash at character 3'],
    ['('.repeat(101), 'more than 100 groups inside one another'],
  ])('refuses %j', (source, message) => {
    expect(() => parsePattern(source)).toThrow(message);
  });

  it('is empty only when no alternative says anything', () => {
    expect(['', '()', '(|)', '( | )'].map((source) => isAlwaysEmpty(parsePattern(source)))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect(['(a|)', '{x}', '<x>'].map((source) => isAlwaysEmpty(parsePattern(source)))).toEqual([false, false, false]);
  });
});
