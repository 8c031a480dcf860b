import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { AbortError, ValidationError } from '@zooid/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DataLine, ReadOptions } from './data-line.js';
import { readJsonLines } from './json-lines.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zooid-data-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(content: string | Uint8Array, options?: ReadOptions, name = 'x.jsonl'): Promise<DataLine[]> {
  const path = join(folder, name);
  await writeFile(path, content);
  const lines: DataLine[] = [];
  for await (const line of readJsonLines(path, options)) lines.push(line);
  return lines;
}

const bytes = (...parts: (string | number)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'number' ? Buffer.from([part]) : Buffer.from(part))));

describe('readJsonLines', () => {
  it('yields records with their line numbers, and counts the empty lines that it skips', async () => {
    expect(await read('{"text":"你好"}\n\n  \t\n"a string"\n[1]')).toEqual([
      { line: 1, record: { text: '你好' } },
      { line: 4, record: 'a string' },
      { line: 5, record: [1] },
    ]);
    expect(await read('')).toEqual([]);
  });

  it('tolerates a byte order mark and Windows line ends', async () => {
    expect(await read('\ufeff{"a":1}\r\n\r\n{"a":2}\r\n')).toEqual([
      { line: 1, record: { a: 1 } },
      { line: 3, record: { a: 2 } },
    ]);
  });

  it('reads gzip whatever the file is called', async () => {
    const records = Array.from({ length: 20_000 }, (_, i) => ({ id: i, text: `第 ${i} 行` }));
    const packed = gzipSync(records.map((record) => JSON.stringify(record)).join('\n'));
    expect((await read(packed, {}, 'a.jsonl.gz')).map((line) => 'record' in line && line.record)).toEqual(records);
    expect(await read(packed, {}, 'misnamed.jsonl')).toHaveLength(20_000);
    expect(await read('{"plain":1}', {}, 'misnamed.jsonl.gz')).toEqual([{ line: 1, record: { plain: 1 } }]);
  });

  it('reads gzip files that were concatenated', async () => {
    expect(await read(Buffer.concat([gzipSync('1\n'), gzipSync('2\n')]))).toEqual([
      { line: 1, record: 1 },
      { line: 2, record: 2 },
    ]);
  });

  it('reports lines that are not JSON and goes on', async () => {
    const [first, second, third] = await read('{"a":1}\n{"a":\n{"a":3}');
    expect(first).toEqual({ line: 1, record: { a: 1 } });
    expect(second).toMatchObject({ line: 2, raw: '{"a":', issue: expect.stringMatching(/^is not valid JSON: /) });
    expect(third).toEqual({ line: 3, record: { a: 3 } });
  });

  it('reports bytes that are not UTF-8 with their place, and goes on', async () => {
    const lines = await read(bytes('1\n"ab', 0xff, '"\n"', 0xe4, 0xbd, '"\n"\u{1f600}"\n'));
    expect(lines).toEqual([
      { line: 1, record: 1 },
      { line: 2, raw: '"ab\ufffd"', issue: 'is not UTF-8 at byte 4; save the file as UTF-8' },
      { line: 3, raw: '"\ufffd"', issue: expect.stringMatching(/is not UTF-8 at byte [234];/) },
      { line: 4, record: '\u{1f600}' },
    ]);
  });

  it('refuses surrogates and overlong forms, which a lenient decoder would let pass', async () => {
    for (const bad of [bytes('"', 0xed, 0xa0, 0x80, '"'), bytes('"', 0xc0, 0xaf, '"')]) {
      expect(await read(bad)).toMatchObject([{ line: 1, issue: expect.stringContaining('is not UTF-8') }]);
    }
  });

  it('reports lines above the limit without keeping them, and goes on', async () => {
    const long = `"${'x'.repeat(3_000_000)}"`;
    const lines = await read(`1\n${long}\n3\n`, { maxLineBytes: 100_000 });
    expect(lines).toEqual([
      { line: 1, record: 1 },
      { line: 2, raw: long.slice(0, 1000), issue: expect.stringMatching(/is 3000002 bytes long, at most 100000/) },
      { line: 3, record: 3 },
    ]);
  });

  it('reads lines of many chunks', async () => {
    const text = '中'.repeat(2_000_000);
    expect(await read(`{"text":"${text}"}\n2`)).toEqual([
      { line: 1, record: { text } },
      { line: 2, record: 2 },
    ]);
  });

  it('names the file when it is missing, a folder, UTF-16, or damaged gzip', async () => {
    const packed = gzipSync('{"a":1}\n'.repeat(1000));
    const failure = async (path: string) => {
      for await (const _ of readJsonLines(path));
    };
    await expect(failure(join(folder, 'nowhere.jsonl'))).rejects.toThrow(/nowhere\.jsonl: does not exist/);
    await expect(failure(folder)).rejects.toThrow(/is a folder/);
    await expect(read(Buffer.from('\ufeff{}', 'utf16le'))).rejects.toThrow(/is UTF-16; save it as UTF-8/);
    await expect(read(packed.subarray(0, 30))).rejects.toThrow(/is damaged gzip data/);
    await expect(read(packed.subarray(0, 30))).rejects.toBeInstanceOf(ValidationError);
    const flipped = Buffer.from(packed);
    flipped[packed.length - 6]! ^= 1;
    await expect(read(flipped)).rejects.toThrow(/is damaged gzip data/);
  });

  it('stops when the signal fires, before or during reading', async () => {
    await expect(read('1\n2', { signal: AbortSignal.abort() })).rejects.toBeInstanceOf(AbortError);
    const path = join(folder, 'long.jsonl');
    await writeFile(path, '1\n'.repeat(500_000));
    const controller = new AbortController();
    let seen = 0;
    const run = async () => {
      for await (const _ of readJsonLines(path, { signal: controller.signal })) if (++seen === 10) controller.abort();
    };
    await expect(run()).rejects.toBeInstanceOf(AbortError);
    expect(seen).toBe(10);
  });

  it('closes the file when the consumer leaves early', async () => {
    const path = join(folder, 'early.jsonl');
    await writeFile(path, gzipSync('1\n'.repeat(500_000)));
    const openBefore = process.getActiveResourcesInfo().length;
    for (let i = 0; i < 20; i++) for await (const _ of readJsonLines(path)) break;
    await new Promise((done) => setTimeout(done, 50));
    expect(process.getActiveResourcesInfo().length).toBeLessThanOrEqual(openBefore + 1);
  });
});
