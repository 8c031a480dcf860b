import type { Readable } from 'node:stream';
import type { DataFiles } from '@zooid/kernel';
import type { DataLine, DtoClass } from '@zooid/spec';
import { declaredKeys } from '@zooid/spec';

/** Lines of a data file, or of `-`: JSON lines on standard input. */
export function readRecords(
  file: string,
  data: DataFiles,
  stdin: Readable,
  signal: AbortSignal,
): AsyncIterable<DataLine> {
  return file === '-' ? readJsonLines(stdin) : data.read(file, signal);
}

async function* readJsonLines(stream: Readable): AsyncIterable<DataLine> {
  let line = 0;
  for await (const bytes of splitLines(stream)) {
    line++;
    let raw: string;
    try {
      raw = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      yield { line, raw: new TextDecoder().decode(bytes), issue: 'is not valid UTF-8' };
      continue;
    }
    if (raw.trim() === '') continue;
    let parsed: DataLine;
    try {
      parsed = { line, record: JSON.parse(raw) as unknown };
    } catch (error) {
      parsed = { line, raw, issue: `is not valid JSON: ${(error as Error).message}` };
    }
    yield parsed;
  }
}

async function* splitLines(stream: Readable): AsyncIterable<Uint8Array> {
  let pending: Uint8Array[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      yield Buffer.concat([...pending, chunk.subarray(start, end)]);
      pending = [];
      start = end + 1;
    }
    if (start < chunk.length) pending.push(chunk.subarray(start));
  }
  if (pending.length > 0) yield Buffer.concat(pending);
}

/**
 * The item an app is asked about: those fields of a record that the app declares. Data files carry more than the app
 * reads (labels, ids), and an app refuses fields it does not know. What is no object is passed on for the app to judge.
 */
export function itemOf(record: unknown, item: DtoClass): unknown {
  if (typeof record !== 'object' || record === null || Array.isArray(record)) return record;
  const fields = declaredKeys(item);
  return Object.fromEntries(Object.entries(record).filter(([name]) => fields.has(name)));
}
