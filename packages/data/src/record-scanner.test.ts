import { Random } from '@zooid/tensor';
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { RecordScanner } from './record-scanner.js';

function scan(lines: string[], delimiter = ',', quote = '"'): string[] | string {
  const scanner = new RecordScanner(delimiter, quote);
  let state: ReturnType<RecordScanner['feed']> = 'open';
  for (const line of lines) state = scanner.feed(line);
  return state === 'complete' ? scanner.fields : state === 'open' ? 'open' : state.issue;
}

describe('RecordScanner', () => {
  it.each([
    ['a,b,c', ['a', 'b', 'c']],
    ['', ['']],
    [',', ['', '']],
    ['a,', ['a', '']],
    ['"a,b",c', ['a,b', 'c']],
    ['"a ""b""",""', ['a "b"', '']],
    ['""""', ['"']],
    [' "a",b"c', [' "a"', 'b"c']],
    ['"","",""', ['', '', '']],
  ])('splits %j', (line, fields) => {
    expect(scan([line])).toEqual(fields);
  });

  it('continues a quoted field on the next line', () => {
    expect(scan(['1,"first', 'second', '"', 'ignored'].slice(0, 3))).toEqual(['1', 'first\nsecond\n']);
    expect(scan(['"a', 'b",c'])).toEqual(['a\nb', 'c']);
    expect(scan(['"a'])).toBe('open');
  });

  it('says what is wrong with a closing quote that does not close', () => {
    expect(scan(['"a"b,c'])).toBe('has "b" after a closing quote; quotes inside a field are doubled');
  });

  it('leaves quotes alone when there is no quote character', () => {
    expect(scan(['"a\tb"'], '\t', '')).toEqual(['"a', 'b"']);
  });

  it('agrees with csv-parse on random records', () => {
    const random = new Random(20);
    const alphabet = ['a', '中', '"', ',', ' ', '\n', '\t'];
    for (let i = 0; i < 500; i++) {
      const fields = Array.from({ length: 1 + random.int(4) }, () =>
        Array.from({ length: random.int(6) }, () => random.choice(alphabet)).join(''),
      );
      const text = fields
        .map((field) => (/[",\n]/.test(field) || random.bernoulli(0.3) ? `"${field.replaceAll('"', '""')}"` : field))
        .join(',');
      if (text === '') continue; // csv-parse has no records for an empty text
      expect(scan(text.split('\n'))).toEqual(fields);
      expect(parse(text, { relax_column_count: true })).toEqual([fields]);
    }
  });
});
