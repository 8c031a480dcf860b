import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { converterNamed } from './converters.js';

const encode = (text: string) => new TextEncoder().encode(text);
const convert = (name: string, files: Record<string, string>, columns?: Record<string, string>) => {
  const sources = new Map(Object.entries(files).map(([key, text]) => [key, encode(text)]));
  const converted = converterNamed(name)(sources, columns === undefined ? {} : { columns });
  return Object.fromEntries([...converted].map(([key, bytes]) => [key, new TextDecoder().decode(bytes)]));
};

describe('the csv converter', () => {
  const columns = { text: 'text', label: 'category' };
  const rows = (file: string) =>
    convert('csv', { train: file }, columns)
      .train!.split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));

  it('reads quotes, doubled quotes, commas and line breaks inside values, and trims the ends', () => {
    expect(
      rows('text,category\nplain,a\n"with, comma",b\n"say ""hi""",c\r\n"two\nlines",d\n"\n padded \n",e\n'),
    ).toEqual([
      { text: 'plain', label: 'a' },
      { text: 'with, comma', label: 'b' },
      { text: 'say "hi"', label: 'c' },
      { text: 'two\nlines', label: 'd' },
      { text: 'padded', label: 'e' },
    ]);
  });

  it('takes columns by name, in any order, and needs no line end', () => {
    expect(rows('id,category,text\n1,a,x')).toEqual([{ text: 'x', label: 'a' }]);
    expect(rows('text,category,\nx,a,')).toEqual([{ text: 'x', label: 'a' }]);
  });

  it('says what is wrong with a file', () => {
    expect(() => rows('text,kind\nx,a\n')).toThrow("there is no column 'category' (columns: text, kind)");
    expect(() => rows('text,category\n"open,a\n')).toThrow('is not closed properly');
    expect(() => rows('')).toThrow('the file is empty');
  });
});

describe('the bies-columns converter', () => {
  it('turns tagged characters into code point spans', () => {
    const file = '听 O B\n𠮷 B-song B\n祥 E-song E\n的 O B\n歌 S-type B\nPlay\n\n你 O B\n好 O E\nChat\n';
    const [first, second] = convert('bies-columns', { train: file })
      .train!.trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toEqual({
      text: '听𠮷祥的歌',
      intent: 'Play',
      slots: [
        { type: 'song', start: 1, end: 3, value: '𠮷祥' },
        { type: 'type', start: 4, end: 5, value: '歌' },
      ],
      chars: ['听', '𠮷', '祥', '的', '歌'],
      tags: ['O', 'B-song', 'E-song', 'O', 'S-type'],
    });
    expect(second).toMatchObject({ text: '你好', intent: 'Chat', slots: [] });
  });
});

describe('the clinc-json converter', () => {
  const data = JSON.stringify({
    train: [['pay my bill', 'pay_bill']],
    oos_train: [['why is the sky blue', 'oos']],
    val: [],
    oos_val: [],
    test: [['freeze it', 'freeze']],
    oos_test: [],
  });

  it('joins in-scope and out-of-scope parts and adds the domain', () => {
    expect(convert('clinc-json', { data, domains: '{"banking":["pay_bill","freeze"]}' })).toEqual({
      train:
        '{"text":"pay my bill","label":"pay_bill","domain":"banking"}\n' +
        '{"text":"why is the sky blue","label":"oos","domain":"oos"}\n',
      dev: '',
      test: '{"text":"freeze it","label":"freeze","domain":"banking"}\n',
    });
  });

  it('names the file it misses', () => {
    expect(() => convert('clinc-json', { data })).toThrow("no original file 'domains'");
  });
});

describe('the jsonl converter', () => {
  it('unpacks what is packed and keeps the rest', () => {
    const packed = converterNamed('jsonl')(new Map([['train', gzipSync('{"a":1}\n')]]), {});
    expect(new TextDecoder().decode(packed.get('train'))).toBe('{"a":1}\n');
    expect(convert('jsonl', { train: '{"a":1}\n' })).toEqual({ train: '{"a":1}\n' });
  });
});
