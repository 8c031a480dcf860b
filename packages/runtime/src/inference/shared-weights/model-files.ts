import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** One file that a model consists of. */
export interface ModelFile {
  readonly path: string;
  /** As the model calls it; `''` for the graph itself. */
  readonly location: string;
  readonly bytes: number;
}

/** Messages of onnx.proto by the fields that lead to external data; `'entry'` is a `StringStringEntryProto`. */
type Schema = Readonly<Record<number, () => Schema | 'entry'>>;
const tensor: Schema = { 13: () => 'entry' };
const sparseTensor: Schema = { 1: () => tensor, 2: () => tensor };
const attribute: Schema = {
  5: () => tensor,
  6: () => graph,
  10: () => tensor,
  11: () => graph,
  22: () => sparseTensor,
  23: () => sparseTensor,
};
const node: Schema = { 5: () => attribute };
const graph: Schema = { 1: () => node, 5: () => tensor, 15: () => sparseTensor };
const fn: Schema = { 7: () => node };
const model: Schema = { 7: () => graph, 25: () => fn };

/** Longer names are not names. */
const MAX_ENTRY_BYTES = 4096;

/**
 * The graph's file and the files that it says its weights are in. Reads past the weights, so that a graph of any size
 * takes little time and memory. Blocks.
 *
 * @throws Error when a file is missing, or the graph is no protobuf.
 */
export function modelFiles(path: string): ModelFile[] {
  const reader = new FileReader(path);
  try {
    const locations = new Set<string>();
    walk(reader, { end: reader.bytes, schema: model }, (location) => locations.add(location));
    const beside = [...locations].map((location): ModelFile => {
      const file = join(dirname(path), location);
      return { path: file, location, bytes: statSync(file).size };
    });
    return [{ path, location: '', bytes: reader.bytes }, ...beside.sort((a, b) => (a.location < b.location ? -1 : 1))];
  } finally {
    reader.close();
  }
}

function walk(
  reader: FileReader,
  { end, schema }: { readonly end: number; readonly schema: Schema },
  found: (location: string) => void,
): void {
  while (reader.position < end) {
    const tag = reader.varint();
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        reader.varint();
        break;
      case 1:
        reader.position += 8;
        break;
      case 2: {
        const length = reader.varint();
        const stop = reader.position + length;
        if (stop > end) throw malformed(reader.path);
        const inner = schema[field]?.();
        if (inner === 'entry') readEntry(reader.read(Math.min(length, MAX_ENTRY_BYTES)), found);
        else if (inner !== undefined) walk(reader, { end: stop, schema: inner }, found);
        reader.position = stop;
        break;
      }
      case 5:
        reader.position += 4;
        break;
      default:
        throw malformed(reader.path);
    }
  }
}

/** `key` (field 1) and `value` (field 2): only the location matters. */
function readEntry(bytes: Buffer, found: (location: string) => void): void {
  const texts: Record<number, string> = {};
  for (let at = 0; at + 2 <= bytes.length; ) {
    const field = bytes[at]! >> 3;
    let length = bytes[at + 1]! & 0x7f;
    const long = bytes[at + 1]! > 0x7f;
    if (long) length |= (bytes[at + 2] ?? 0) << 7;
    at += long ? 3 : 2;
    texts[field] = bytes.toString('utf8', at, at + length);
    at += length;
  }
  if (texts[1] === 'location' && texts[2] !== undefined) found(texts[2]);
}

function malformed(path: string): Error {
  return new Error(`${path} is no ONNX model: its protobuf is malformed`);
}

/** Reads a file here and there through a small window. */
class FileReader {
  readonly bytes: number;
  position = 0;
  private readonly descriptor: number;
  private readonly window = Buffer.alloc(64 * 1024);
  private start = 0;
  private filled = 0;

  constructor(readonly path: string) {
    this.descriptor = openSync(path, 'r');
    this.bytes = fstatSync(this.descriptor).size;
  }

  close(): void {
    closeSync(this.descriptor);
  }

  /** @throws Error for numbers of more than 53 bits, which no length has. */
  varint(): number {
    let value = 0;
    for (let scale = 1; scale <= 2 ** 63; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
    throw malformed(this.path);
  }

  read(length: number): Buffer {
    const bytes = Buffer.alloc(length);
    if (readSync(this.descriptor, bytes, 0, length, this.position) < length) throw malformed(this.path);
    return bytes;
  }

  private byte(): number {
    if (this.position < this.start || this.position >= this.start + this.filled) {
      this.start = this.position;
      this.filled = readSync(this.descriptor, this.window, 0, this.window.length, this.position);
      if (this.filled === 0) throw malformed(this.path);
    }
    return this.window[this.position++ - this.start]!;
  }
}
