import { CheckpointError } from '../../errors.js';
import type { ByteSource } from '../byte-source.js';
import { quote } from './damaged.js';

/** A member of a zip archive. Its name is a key and never a path. */
export interface ZipEntry {
  readonly name: string;
  readonly compressed: boolean;
  readonly crc32: number;
  /** Bytes in the archive. */
  readonly storedBytes: number;
  /** Bytes after decompression. */
  readonly sizeBytes: number;
  /** Where its local header begins. */
  readonly headerOffset: number;
}

const endSignature = 0x06054b50;
const endBytes = 22;
const zip64LocatorSignature = 0x07064b50;
const zip64LocatorBytes = 20;
const zip64EndSignature = 0x06064b50;
const zip64EndBytes = 56;
const entrySignature = 0x02014b50;
const entryBytes = 46;
const maxCommentBytes = 0xffff;
const saturated = 0xffffffff;

/** A checkpoint has one member per storage; the largest published ones have some ten thousand. */
const maxDirectoryBytes = 32 * 1024 * 1024;

/**
 * Compression of weights saves little. An archive that unpacks to more than this times its own size is not a
 * checkpoint but an attack on memory.
 */
const maxExpansion = 32;

/**
 * Reads the central directory of a zip archive, with zip64. Afterwards every entry lies inside the file, names are
 * unique, and what all of them unpack to is bounded by the file's size.
 *
 * @throws CheckpointError when the archive is cut short, damaged, encrypted, split or compressed by other than deflate.
 * @see PKWARE APPNOTE.TXT 6.3.10, §4.3
 */
export async function readZipDirectory(source: ByteSource): Promise<ReadonlyMap<string, ZipEntry>> {
  const fail = (problem: string): never => {
    throw new CheckpointError(`${source.subject}: ${problem}; the file was cut short or is not a PyTorch checkpoint`);
  };
  const { count, begin, length } = await locateDirectory(source, fail);
  if (length > maxDirectoryBytes) fail(`the zip directory has ${length} bytes, at most ${maxDirectoryBytes} are read`);
  if (begin + length > source.size) fail('the zip directory lies outside the file');
  const bytes = await source.read(begin, begin + length);
  const view = new DataView(bytes.buffer);
  const entries = new Map<string, ZipEntry>();
  let unpacked = 0;
  let offset = 0;
  for (let i = 0; i < count; i++) {
    if (offset + entryBytes > length || view.getUint32(offset, true) !== entrySignature) {
      fail(`the zip directory ends at entry ${i} of ${count}`);
    }
    const variable = [28, 30, 32].map((at) => view.getUint16(offset + at, true)) as [number, number, number];
    const next = offset + entryBytes + variable[0] + variable[1] + variable[2];
    if (next > length) fail(`entry ${i} of the zip directory is longer than the directory`);
    const entry = parseEntry(view, offset, variable, fail);
    if (entries.has(entry.name)) fail(`the zip directory names ${quote(entry.name)} twice`);
    if (entry.headerOffset + entry.storedBytes > begin) fail(`entry ${quote(entry.name)} lies outside the file`);
    unpacked += entry.sizeBytes;
    entries.set(entry.name, entry);
    offset = next;
  }
  if (unpacked > maxExpansion * source.size) {
    fail(`it would unpack to ${unpacked} bytes, more than ${maxExpansion} times its size`);
  }
  return entries;
}

type Fail = (problem: string) => never;

interface DirectoryPlace {
  readonly count: number;
  readonly begin: number;
  readonly length: number;
}

async function locateDirectory(source: ByteSource, fail: Fail): Promise<DirectoryPlace> {
  const tailBegin = Math.max(0, source.size - endBytes - maxCommentBytes);
  const tail = await source.read(tailBegin, source.size);
  const view = new DataView(tail.buffer);
  for (let at = tail.byteLength - endBytes; at >= 0; at--) {
    if (view.getUint32(at, true) !== endSignature) continue;
    if (at + endBytes + view.getUint16(at + 20, true) !== tail.byteLength) continue;
    const place = {
      count: view.getUint16(at + 10, true),
      length: view.getUint32(at + 12, true),
      begin: view.getUint32(at + 16, true),
    };
    const locator = at - zip64LocatorBytes;
    if (locator >= 0 && view.getUint32(locator, true) === zip64LocatorSignature) {
      return zip64Place(source, safeOffset(view, locator + 8, fail), fail);
    }
    return place;
  }
  return fail('it has no zip directory');
}

async function zip64Place(source: ByteSource, at: number, fail: Fail): Promise<DirectoryPlace> {
  if (at + zip64EndBytes > source.size) fail('its zip64 directory lies outside the file');
  const view = new DataView((await source.read(at, at + zip64EndBytes)).buffer);
  if (view.getUint32(0, true) !== zip64EndSignature) fail('its zip64 directory is damaged');
  return {
    count: safeOffset(view, 32, fail),
    length: safeOffset(view, 40, fail),
    begin: safeOffset(view, 48, fail),
  };
}

function parseEntry(
  view: DataView,
  offset: number,
  [nameBytes, extraBytes]: readonly [number, number, number],
  fail: Fail,
): ZipEntry {
  const nameBegin = offset + entryBytes;
  const name = decodeName(new Uint8Array(view.buffer, nameBegin, nameBytes), fail);
  const flags = view.getUint16(offset + 8, true);
  const method = view.getUint16(offset + 10, true);
  if ((flags & 1) !== 0) fail(`entry ${quote(name)} is encrypted`);
  if (method !== 0 && method !== 8) fail(`entry ${quote(name)} is compressed by method ${method}`);

  // Zip64: fields that are full stand in an extra field, in this order.
  let wide = zip64Fields(view, nameBegin + nameBytes, extraBytes);
  const field = (at: number): number => {
    const value = view.getUint32(at, true);
    if (value !== saturated) return value;
    if (wide === undefined || wide.begin + 8 > wide.end) return fail(`entry ${quote(name)} lacks its zip64 sizes`);
    const long = safeOffset(view, wide.begin, fail);
    wide = { begin: wide.begin + 8, end: wide.end };
    return long;
  };
  const sizeBytes = field(offset + 24);
  const storedBytes = field(offset + 20);
  const headerOffset = field(offset + 42);
  if (method === 0 && sizeBytes !== storedBytes) fail(`entry ${quote(name)} is stored with two different sizes`);
  return {
    name,
    compressed: method === 8,
    crc32: view.getUint32(offset + 16, true),
    storedBytes,
    sizeBytes,
    headerOffset,
  };
}

/** Where the zip64 extra field (tag 1) has its numbers. */
function zip64Fields(view: DataView, begin: number, length: number): { begin: number; end: number } | undefined {
  for (let at = begin; at + 4 <= begin + length; ) {
    const size = view.getUint16(at + 2, true);
    if (view.getUint16(at, true) === 1) return { begin: at + 4, end: Math.min(at + 4 + size, begin + length) };
    at += 4 + size;
  }
  return undefined;
}

/** A 64-bit number that must be exact in JavaScript. */
function safeOffset(view: DataView, at: number, fail: Fail): number {
  const value = view.getBigUint64(at, true);
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : fail(`a zip64 field claims ${value} bytes`);
}

function decodeName(bytes: Uint8Array, fail: Fail): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return fail('an entry of the zip directory has a name that is not UTF-8');
  }
}
