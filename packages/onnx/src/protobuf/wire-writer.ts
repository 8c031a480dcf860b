const encoder = new TextEncoder();

/**
 * Writes protobuf's wire format. Large byte fields are kept as views until `finish`, so that a model's weights are
 * copied once.
 */
export class WireWriter {
  private readonly chunks: Uint8Array[] = [];
  private length = 0;

  /** A signed integer as a two's complement varint. Omitted when 0, as proto3 does, unless `always`. */
  int(field: number, value: number | bigint, always = false): void {
    if (value === 0 && !always) return;
    this.tag(field, 0);
    this.varint(value);
  }

  float(field: number, value: number): void {
    this.tag(field, 5);
    this.push(new Uint8Array(Float32Array.of(value).buffer));
  }

  bytes(field: number, value: Uint8Array): void {
    this.tag(field, 2);
    this.varint(value.byteLength);
    this.push(value);
  }

  /** Omitted when empty, as proto3 does, unless `always` (an entry of a repeated field). */
  string(field: number, value: string, always = false): void {
    if (value !== '' || always) this.bytes(field, encoder.encode(value));
  }

  message(field: number, write: (writer: WireWriter) => void): void {
    const inner = new WireWriter();
    write(inner);
    this.tag(field, 2);
    this.varint(inner.length);
    for (const chunk of inner.chunks) this.push(chunk);
  }

  /** Repeated integers, packed. */
  packedInts(field: number, values: readonly (number | bigint)[]): void {
    if (values.length === 0) return;
    const inner = new WireWriter();
    for (const value of values) inner.varint(value);
    this.bytes(field, inner.finish());
  }

  finish(): Uint8Array {
    const out = new Uint8Array(this.length);
    let offset = 0;
    for (const chunk of this.chunks) {
      out.set(chunk, offset);
      offset += chunk.byteLength;
    }
    return out;
  }

  private tag(field: number, wireType: number): void {
    this.varint((field << 3) | wireType);
  }

  private varint(value: number | bigint): void {
    const bytes: number[] = [];
    if (typeof value === 'number' && value >= 0 && value < 2 ** 31) {
      let rest = value;
      while (rest > 0x7f) {
        bytes.push((rest & 0x7f) | 0x80);
        rest >>>= 7;
      }
      bytes.push(rest);
    } else {
      let rest = BigInt.asUintN(64, BigInt(value));
      while (rest > 0x7fn) {
        bytes.push(Number(rest & 0x7fn) | 0x80);
        rest >>= 7n;
      }
      bytes.push(Number(rest));
    }
    this.push(Uint8Array.from(bytes));
  }

  private push(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.length += chunk.byteLength;
  }
}
