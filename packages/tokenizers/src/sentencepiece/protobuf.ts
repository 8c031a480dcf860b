import { TokenizerError } from '../errors.js';

/** One field of a message. */
export interface ProtobufField {
  readonly number: number;
  /** Of varints and fixed32, the bits as an unsigned number; of other kinds, 0. */
  readonly bits: number;
  /** Of length-delimited fields, their content. */
  readonly bytes: Uint8Array | undefined;
}

const wireType = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;
const maxVarintBytes = 10;

/**
 * Reads the fields of a protobuf message one after another; never beyond its end.
 *
 * @param part The file, for messages.
 * @throws TokenizerError when the bytes are not a message.
 */
export function* protobufFields(message: Uint8Array, part: string): Generator<ProtobufField> {
  const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
  let at = 0;
  const fail = (problem: string): never => {
    throw new TokenizerError(part, `${problem} at byte ${at} of a message of ${message.length}; the file is damaged`);
  };
  const need = (count: number): number => {
    if (count > message.length - at) fail('ends too early');
    const start = at;
    at += count;
    return start;
  };
  const varint = (): number => {
    let value = 0;
    for (let i = 0; i < maxVarintBytes; i++) {
      const byte = message[need(1)]!;
      // Beyond 32 bits only negative enums and counts nobody has; their upper bits are dropped.
      if (i < 5) value += (byte & 0x7f) * 2 ** (7 * i);
      if (byte < 0x80) return value % 2 ** 32;
    }
    return fail('has a number without end');
  };
  while (at < message.length) {
    const tag = varint();
    const number = tag >>> 3;
    if (number === 0) fail('has a field without number');
    switch (tag & 7) {
      case wireType.varint:
        yield { number, bits: varint(), bytes: undefined };
        break;
      case wireType.fixed64:
        need(8);
        yield { number, bits: 0, bytes: undefined };
        break;
      case wireType.bytes: {
        const length = varint();
        const start = need(length);
        yield { number, bits: 0, bytes: message.subarray(start, start + length) };
        break;
      }
      case wireType.fixed32:
        yield { number, bits: view.getUint32(need(4), true), bytes: undefined };
        break;
      default:
        fail('has a field of unknown kind');
    }
  }
}
