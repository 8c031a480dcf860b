/** The pickle ended before its STOP: cut short, or more of the file must be read. */
export class PickleEndError extends Error {}

/** Longest string; names of tensors have some hundred bytes. */
const maxStringBytes = 1024 * 1024;
/** Longest line of a GLOBAL; Python's names have some dozen bytes. */
const maxLineBytes = 256;

/** A cursor over pickle bytes, checked at every step. */
export class PickleReader {
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    /** Where the next byte is read. */
    public position: number,
    private readonly fail: (problem: string) => never,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint8(): number {
    return this.view.getUint8(this.advance(1));
  }
  uint16(): number {
    return this.view.getUint16(this.advance(2), true);
  }
  int32(): number {
    return this.view.getInt32(this.advance(4), true);
  }
  uint32(): number {
    return this.view.getUint32(this.advance(4), true);
  }
  uint64(): bigint {
    return this.view.getBigUint64(this.advance(8), true);
  }
  /** Pickle writes floats with the high byte first, unlike everything else. */
  float64(): number {
    return this.view.getFloat64(this.advance(8), false);
  }

  /** A two's-complement integer of `length` bytes, the low byte first. */
  integer(length: number): number | bigint {
    let value = 0n;
    for (let i = 0; i < length; i++) value |= BigInt(this.uint8()) << BigInt(8 * i);
    value = BigInt.asIntN(8 * length, value);
    const number = Number(value);
    return Number.isSafeInteger(number) ? number : value;
  }

  text(length: number | bigint, encoding: 'utf-8' | 'latin1' = 'utf-8'): string {
    if (length > maxStringBytes) this.fail(`holds a string of ${length} bytes, at most ${maxStringBytes} are read`);
    return this.decode(this.advance(Number(length)), this.position, encoding);
  }

  /** Text up to the next line feed, which is consumed. */
  line(): string {
    const begin = this.position;
    const end = this.bytes.indexOf(0x0a, begin);
    if (end < 0 && this.bytes.length - begin <= maxLineBytes) throw new PickleEndError();
    if (end < 0 || end - begin > maxLineBytes) this.fail(`holds a name of more than ${maxLineBytes} bytes`);
    this.position = end + 1;
    return this.decode(begin, end, 'utf-8');
  }

  private decode(begin: number, end: number, encoding: 'utf-8' | 'latin1'): string {
    try {
      return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(this.bytes.subarray(begin, end));
    } catch {
      return this.fail('holds a string that is not UTF-8');
    }
  }

  /** @returns the position before */
  private advance(count: number): number {
    const before = this.position;
    if (before + count > this.bytes.length) throw new PickleEndError();
    this.position = before + count;
    return before;
  }
}
