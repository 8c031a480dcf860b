import { crc32, deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { CheckpointError } from '../../errors.js';
import { memorySource } from '../byte-source.js';
import { ZipArchive } from './zip-archive.js';

interface Member {
  readonly name: string;
  readonly content: Uint8Array;
  readonly deflate?: boolean;
  /** Lies of the directory. */
  readonly claims?: Partial<Record<'method' | 'flags' | 'crc' | 'stored' | 'size' | 'offset', number>>;
}

/** An archive whose directory may lie. */
function zip(members: readonly Member[], comment = ''): Uint8Array {
  const parts: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const { name, content, deflate = false, claims = {} } of members) {
    const packed = deflate ? deflateRawSync(content) : Buffer.from(content);
    const local = Buffer.alloc(30);
    local.writeUInt32LE(0x04034b50, 0);
    local.writeUInt16LE(Buffer.byteLength(name), 26);
    parts.push(local, Buffer.from(name), packed);

    const central = Buffer.alloc(46);
    central.writeUInt32LE(0x02014b50, 0);
    central.writeUInt16LE(claims.flags ?? 0, 8);
    central.writeUInt16LE(claims.method ?? (deflate ? 8 : 0), 10);
    central.writeUInt32LE(claims.crc ?? crc32(content), 16);
    central.writeUInt32LE(claims.stored ?? packed.length, 20);
    central.writeUInt32LE(claims.size ?? content.length, 24);
    central.writeUInt16LE(Buffer.byteLength(name), 28);
    central.writeUInt32LE(claims.offset ?? at, 42);
    directory.push(central, Buffer.from(name));
    at += 30 + Buffer.byteLength(name) + packed.length;
  }
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(members.length, 10);
  end.writeUInt32LE(Buffer.concat(directory).length, 12);
  end.writeUInt32LE(at, 16);
  end.writeUInt16LE(comment.length, 20);
  return new Uint8Array(Buffer.concat([...parts, ...directory, end, Buffer.from(comment)]));
}

const open = (bytes: Uint8Array) => ZipArchive.open(memorySource(bytes, 'x.bin'));
async function read(bytes: Uint8Array, name = 'a', ...range: number[]) {
  const archive = await open(bytes);
  return archive.read(archive.entries.get(name)!, ...range);
}

const content = Uint8Array.from({ length: 300 }, (_, i) => i % 251);
const a: Member = { name: 'a', content };

describe('a zip archive', () => {
  it('gives its members, whole or in part, stored or deflated, behind a comment too', async () => {
    const b: Member = { name: '数/b', content: content.subarray(0, 7), deflate: true };
    const bytes = zip(
      [a, b, { name: 'empty', content: new Uint8Array(0), deflate: true }],
      'PK\u0005\u0006 said the comment',
    );
    expect(await read(bytes)).toEqual(content);
    expect(await read(bytes, 'a', 5, 9)).toEqual(content.slice(5, 9));
    expect(await read(bytes, '数/b')).toEqual(content.slice(0, 7));
    expect(await read(bytes, '数/b', 2, 4)).toEqual(content.slice(2, 4));
    expect(await read(bytes, 'empty')).toEqual(new Uint8Array(0));
  });

  it('takes names for keys, never for paths', async () => {
    const bytes = zip([{ name: '../../etc/passwd', content }]);
    expect(await read(bytes, '../../etc/passwd')).toEqual(content);
  });

  it('does not miss its checksum where the writer left it out', async () => {
    expect(await read(zip([{ ...a, claims: { crc: 0 } }]))).toEqual(content);
  });

  it.each<[string, Uint8Array, RegExp]>([
    ['encrypted', zip([{ ...a, claims: { flags: 1 } }]), /"a" is encrypted/],
    ['compressed by something else', zip([{ ...a, claims: { method: 12 } }]), /compressed by method 12/],
    ['stored with two sizes', zip([{ ...a, claims: { size: 999 } }]), /stored with two different sizes/],
    ['outside the file', zip([{ ...a, claims: { offset: 5000 } }]), /lies outside the file/],
    ['elsewhere', zip([{ ...a, claims: { offset: 3, stored: 200, size: 200 } }]), /not where the zip directory says/],
    ['damaged', zip([{ ...a, claims: { crc: 7 } }]), /differs from its checksum/],
    ['not deflated', zip([{ ...a, claims: { method: 8 } }]), /cannot be decompressed/],
    ['shorter than promised', zip([{ ...a, deflate: true, claims: { size: 301 } }]), /unpacks to 300 bytes where 301/],
    ['longer than promised', zip([{ ...a, deflate: true, claims: { size: 299 } }]), /cannot be decompressed/],
    [
      'a bomb',
      zip([{ name: 'a', content: new Uint8Array(1 << 20), deflate: true }]),
      /would unpack to 1048576 bytes, more than 32/,
    ],
    [
      'a bomb that lies',
      zip([{ name: 'a', content: new Uint8Array(1 << 20), deflate: true, claims: { size: 64 } }]),
      /cannot be decompressed/,
    ],
    [
      'one of two that overlap',
      zip([a, { ...a, name: 'b', claims: { offset: 10, stored: 1, size: 1 } }]),
      /overlaps another/,
    ],
    ['named twice', zip([a, a]), /names "a" twice/],
    ['cut', zip([a]).slice(0, -1), /has no zip directory/],
    ['without directory', zip([a]).slice(0, 200), /has no zip directory/],
  ])('is refused when a member is %s', async (_, bytes, message) => {
    await expect(read(bytes)).rejects.toThrow(message);
    await expect(read(bytes)).rejects.toBeInstanceOf(CheckpointError);
  });

  it('finds damage before it hands out a part', async () => {
    const bytes = zip([a]);
    bytes[200]! ^= 1;
    await expect(read(bytes, 'a', 0, 4)).rejects.toThrow(/differs from its checksum/);
  });
});
