import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataLine } from './data-line.js';
import { type ReadDelimitedOptions, readDelimited } from './delimited.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string | Uint8Array, options?: ReadDelimitedOptions, name = 'x.csv'): Promise<DataLine[]> {
  const path = join(folder, name);
  await writeFile(path, content);
  const lines: DataLine[] = [];
  for await (const line of readDelimited(path, options)) lines.push(line);
  return lines;
}

describe('readDelimited', () => {
  it('yields objects under the names of the header row', async () => {
    expect(await read('text,label\n打开音乐,music\n\n"Hi, there",chat\n')).toEqual([
      { line: 2, record: { text: '打开音乐', label: 'music' } },
      { line: 4, record: { text: 'Hi, there', label: 'chat' } },
    ]);
  });

  it('takes the tab for .tsv files, and any delimiter on request', async () => {
    const record = [{ line: 2, record: { a: '1,5', b: '2' } }];
    expect(await read('a\tb\n1,5\t2', {}, 'x.tsv')).toEqual(record);
    expect(await read(gzipSync('a\tb\n1,5\t2'), {}, 'x.tsv.gz')).toEqual(record);
    expect(await read('a;b\n1,5;2', { delimiter: ';' })).toEqual(record);
  });

  it('tolerates a byte order mark and Windows line ends', async () => {
    expect(await read('\ufeffa,b\r\n1,2\r\n')).toEqual([{ line: 2, record: { a: '1', b: '2' } }]);
  });

  it('numbers a record by the line it begins on', async () => {
    expect(await read('a,b\n"1\n\n1",2\n3,4')).toEqual([
      { line: 2, record: { a: '1\n\n1', b: '2' } },
      { line: 5, record: { a: '3', b: '4' } },
    ]);
  });

  it('reports rows with another number of fields than the header', async () => {
    expect(await read('a,b\n1\n1,2\n1,2,3')).toEqual([
      { line: 2, raw: '1', issue: 'has 1 fields separated by ",", but the header names 2' },
      { line: 3, record: { a: '1', b: '2' } },
      { line: 4, raw: '1,2,3', issue: 'has 3 fields separated by ",", but the header names 2' },
    ]);
  });

  it('loses one line to a stray quote, not the rest of the file', async () => {
    expect(await read('a,b\n"1,2\n3,4\n5,6')).toEqual([
      { line: 2, raw: '"1,2', issue: 'has a quoted field without closing quote' },
      { line: 3, record: { a: '3', b: '4' } },
      { line: 4, record: { a: '5', b: '6' } },
    ]);
    expect(await read('a,b\n1,"2\n3,4\n"5",6')).toEqual([
      { line: 2, raw: '1,"2', issue: 'has "5" after a closing quote; quotes inside a field are doubled' },
      { line: 3, record: { a: '3', b: '4' } },
      { line: 4, record: { a: '5', b: '6' } },
    ]);
  });

  it('gives a quoted field up at the limit', async () => {
    const rows = await read(`a,b\n1,"2\n${'3,4\n'.repeat(100)}`, { maxLineBytes: 50 });
    expect(rows[0]).toMatchObject({ line: 2, issue: expect.stringContaining('more than 50 characters') });
    expect(rows.slice(1)).toEqual(Array.from({ length: 100 }, (_, i) => ({ line: i + 3, record: { a: '3', b: '4' } })));
  });

  it('reports bytes that are not UTF-8, also inside a quoted field', async () => {
    const text = (head: string, tail: string) =>
      Buffer.concat([Buffer.from(head), Buffer.from([0xff]), Buffer.from(tail)]);
    expect(await read(text('a,b\n1,', '\n3,4'))).toEqual([
      { line: 2, raw: '1,\ufffd', issue: expect.stringContaining('is not UTF-8') },
      { line: 3, record: { a: '3', b: '4' } },
    ]);
    expect(await read(text('a,b\n1,"x\n', '"\n3,4'))).toEqual([
      { line: 2, raw: '1,"x', issue: expect.stringContaining('runs into line 3, which is not UTF-8') },
      { line: 3, raw: '\ufffd"', issue: expect.stringContaining('is not UTF-8') },
      { line: 4, record: { a: '3', b: '4' } },
    ]);
  });

  it('keeps quotes when told that there are none', async () => {
    expect(await read('a\tb\n"x\ty"', { quote: '' }, 'x.tsv')).toEqual([{ line: 2, record: { a: '"x', b: 'y"' } }]);
  });

  it('survives column names that mean something to JavaScript', async () => {
    const [row] = await read('__proto__,constructor\n1,2');
    expect(Object.entries((row as { record: object }).record)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
  });

  it('finds nothing in an empty file', async () => {
    expect(await read('')).toEqual([]);
    expect(await read('\n\n')).toEqual([]);
    expect(await read('a,b\n')).toEqual([]);
  });

  it('refuses a file without a usable header', async () => {
    await expect(read('a,,c\n1,2,3')).rejects.toThrow(/line 1 .* column 2 has no name/);
    await expect(read('a,b,a\n1,2,3')).rejects.toThrow(/line 1 .* two columns 'a'/);
    await expect(read('"a"x,b\n1,2')).rejects.toThrow(/line 1 should name the columns, but has "x" after/);
  });
});
