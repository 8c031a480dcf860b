import { GraphError } from '../errors.js';

const decoder = new TextDecoder('utf-8', { fatal: true });

/**
 * Reads protobuf's wire format from bytes that nobody vouches for. Every length is checked against what is there
 * before anything is allocated for it, so a false length costs an error and not memory.
 */
export class WireReader {
  private offset = 0;

  constructor(private readonly bytes: Uint8Array) {}

  /** Calls `read` per field; a field that it does not take (by calling one of the methods below) is skipped. */
  fields(read: (field: number, value: WireValue) => void): void {
    while (this.offset < this.bytes.length) {
      const tag = this.varint();
      const field = Number(tag >> 3n);
      const wireType = Number(tag & 7n);
      if (field === 0) throw new GraphError(`Malformed protobuf: field number 0 at byte ${this.offset}`);
      read(field, this.value(wireType));
    }
  }

  private value(wireType: number): WireValue {
    switch (wireType) {
      case 0:
        return new WireValue(wireType, this.varint(), undefined);
      case 1:
        return new WireValue(wireType, 0n, this.take(8));
      case 2: {
        const length = this.varint();
        if (length > BigInt(this.bytes.length)) throw this.truncated();
        return new WireValue(wireType, 0n, this.take(Number(length)));
      }
      case 5:
        return new WireValue(wireType, 0n, this.take(4));
      default:
        throw new GraphError(`Malformed protobuf: wire type ${wireType} at byte ${this.offset}`);
    }
  }

  private varint(): bigint {
    let result = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.bytes[this.offset++];
      if (byte === undefined) throw this.truncated();
      result |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, result);
    }
    throw new GraphError(`Malformed protobuf: a number longer than ten bytes before byte ${this.offset}`);
  }

  private take(length: number): Uint8Array {
    const end = this.offset + length;
    if (end > this.bytes.length) throw this.truncated();
    const view = this.bytes.subarray(this.offset, end);
    this.offset = end;
    return view;
  }

  /** All remaining varints, for packed fields. */
  varints(): bigint[] {
    const values: bigint[] = [];
    while (this.offset < this.bytes.length) values.push(this.varint());
    return values;
  }

  private truncated(): GraphError {
    return new GraphError(`Malformed protobuf: the data ends inside a field (${this.bytes.length} bytes)`);
  }
}

/** One field's payload; asked for as the kind that the schema says it is. */
export class WireValue {
  constructor(
    private readonly wireType: number,
    private readonly number: bigint,
    private readonly payload: Uint8Array | undefined,
  ) {}

  /** A signed 64-bit integer. @throws GraphError beyond 2⁵³. */
  int(): number {
    this.expect(0);
    return safe(BigInt.asIntN(64, this.number));
  }

  float(): number {
    this.expect(5);
    return dataView(this.payload!).getFloat32(0, true);
  }

  /** A view into the input, not a copy. */
  bytes(): Uint8Array {
    this.expect(2);
    return this.payload!;
  }

  string(): string {
    try {
      return decoder.decode(this.bytes());
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new GraphError('Malformed protobuf: a string is not UTF-8', { cause: error });
    }
  }

  message(): WireReader {
    return new WireReader(this.bytes());
  }

  /** One entry or a packed run of a repeated integer field. */
  ints(): number[] {
    return this.bigints().map(safe);
  }

  bigints(): bigint[] {
    if (this.wireType === 0) return [BigInt.asIntN(64, this.number)];
    return this.message()
      .varints()
      .map((value) => BigInt.asIntN(64, value));
  }

  /** One entry or a packed run of a repeated float field. */
  floats(): number[] {
    return this.fixed(5, 4, (view, at) => view.getFloat32(at, true));
  }

  /** One entry or a packed run of a repeated double field. */
  doubles(): number[] {
    return this.fixed(1, 8, (view, at) => view.getFloat64(at, true));
  }

  private fixed(wireType: number, size: number, read: (view: DataView, at: number) => number): number[] {
    if (this.wireType !== wireType) this.expect(2);
    const view = dataView(this.payload!);
    if (view.byteLength % size !== 0)
      throw new GraphError(`Malformed protobuf: ${view.byteLength} bytes are no run of ${size}-byte numbers`);
    return Array.from({ length: view.byteLength / size }, (_, i) => read(view, i * size));
  }

  private expect(wireType: number): void {
    if (this.wireType !== wireType)
      throw new GraphError(`Malformed protobuf: wire type ${this.wireType} where ${wireType} is due`);
  }
}

function safe(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new GraphError(`Malformed model: the integer ${value} is out of range`);
  return number;
}

function dataView(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
