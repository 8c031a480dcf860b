import { crc32, inflateRawSync } from 'node:zlib';
import { CheckpointError } from '../../errors.js';
import type { ByteSource } from '../byte-source.js';
import { quote } from './damaged.js';
import { readZipDirectory, type ZipEntry } from './zip-directory.js';

const localSignature = 0x04034b50;
const localBytes = 30;
/** How much of a stored member is held at once while its checksum is computed. */
const chunkBytes = 4 * 1024 * 1024;

/** Members of a zip archive by name, read on demand. Nothing is ever unpacked to disk. */
export class ZipArchive {
  private readonly verified = new Set<string>();
  private readonly starts = new Map<string, number>();

  private constructor(
    private readonly source: ByteSource,
    readonly entries: ReadonlyMap<string, ZipEntry>,
  ) {}

  /** @throws CheckpointError when the directory is damaged, or members overlap. */
  static async open(source: ByteSource): Promise<ZipArchive> {
    const entries = await readZipDirectory(source);
    const archive = new ZipArchive(source, entries);
    let end = 0;
    // Overlapping members are how a small archive unpacks to a giant one.
    for (const entry of [...entries.values()].sort((a, b) => a.headerOffset - b.headerOffset)) {
      if (entry.headerOffset < end) archive.fail(entry, 'overlaps another one');
      end = entry.headerOffset + localBytes + entry.storedBytes;
    }
    return archive;
  }

  /**
   * Bytes `[begin, end)` of a member; default: all of it.
   * @throws CheckpointError when the member is damaged: its checksum is compared before the first byte is handed out.
   */
  async read(entry: ZipEntry, begin = 0, end = entry.sizeBytes): Promise<Uint8Array<ArrayBuffer>> {
    if (entry.compressed) {
      const content = await this.inflate(entry);
      return begin === 0 && end === content.byteLength ? content : content.slice(begin, end);
    }
    const start = await this.startOf(entry);
    if (begin === 0 && end === entry.sizeBytes) {
      const content = await this.source.read(start, start + entry.sizeBytes);
      this.check(entry, checksum(content));
      return content;
    }
    await this.verify(entry, start);
    return this.source.read(start + begin, start + end);
  }

  private async inflate(entry: ZipEntry): Promise<Uint8Array<ArrayBuffer>> {
    const start = await this.startOf(entry);
    const packed = await this.source.read(start, start + entry.storedBytes);
    let content: Uint8Array<ArrayBuffer>;
    try {
      // A limit of 0 would mean none.
      content = Uint8Array.from(inflateRawSync(packed, { maxOutputLength: Math.max(1, entry.sizeBytes) }));
    } catch (cause) {
      return this.fail(entry, `cannot be decompressed (${(cause as Error).message})`);
    }
    if (content.byteLength !== entry.sizeBytes) {
      this.fail(entry, `unpacks to ${content.byteLength} bytes where ${entry.sizeBytes} were promised`);
    }
    this.check(entry, checksum(content));
    return content;
  }

  /** Where the member's content begins: its local header has a length of its own. */
  private async startOf(entry: ZipEntry): Promise<number> {
    const known = this.starts.get(entry.name);
    if (known !== undefined) return known;
    const at = entry.headerOffset;
    const view = new DataView((await this.source.read(at, at + localBytes)).buffer);
    if (view.getUint32(0, true) !== localSignature) this.fail(entry, 'is not where the zip directory says');
    const nameBytes = view.getUint16(26, true);
    const name = await this.source.read(at + localBytes, at + localBytes + nameBytes);
    if (new TextDecoder().decode(name) !== entry.name) this.fail(entry, 'has another name in its own header');
    const start = at + localBytes + nameBytes + view.getUint16(28, true);
    this.starts.set(entry.name, start);
    return start;
  }

  private async verify(entry: ZipEntry, start: number): Promise<void> {
    if (this.verified.has(entry.name)) return;
    let sum = 0;
    for (let at = 0; at < entry.sizeBytes; at += chunkBytes) {
      const end = Math.min(at + chunkBytes, entry.sizeBytes);
      sum = crc32(await this.source.read(start + at, start + end), sum);
    }
    this.check(entry, sum);
    this.verified.add(entry.name);
  }

  /** Writers that skip the checksum, as newer versions of PyTorch can, leave it 0. */
  private check(entry: ZipEntry, sum: number): void {
    if (entry.crc32 !== 0 && sum !== entry.crc32) this.fail(entry, 'differs from its checksum');
  }

  private fail(entry: ZipEntry, problem: string): never {
    throw new CheckpointError(
      `${this.source.subject}: entry ${quote(entry.name)} ${problem}; the file is damaged, fetch it again`,
    );
  }
}

/** In chunks: zlib counts the bytes of one call in 32 bits. */
function checksum(content: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < content.byteLength; at += chunkBytes) sum = crc32(content.subarray(at, at + chunkBytes), sum);
  return sum;
}
