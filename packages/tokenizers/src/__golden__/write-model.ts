/** What the tests need of a SentencePiece model file. */
export interface TestModel {
  readonly pieces: readonly { readonly piece: string; readonly score: number; readonly type: number }[];
  /** 1 is unigram, 2 bpe. */
  readonly modelType?: number;
}

/** Writes a SentencePiece model: `ModelProto` in protobuf. */
export function writeModel({ pieces, modelType = 1 }: TestModel): Uint8Array {
  const messages = pieces.map(({ piece, score, type }) => {
    const bits = Buffer.alloc(4);
    bits.writeFloatLE(score);
    return field(1, Buffer.concat([field(1, Buffer.from(piece)), Buffer.from([(2 << 3) | 5]), bits, varint(3, type)]));
  });
  return Buffer.concat([...messages, field(2, varint(3, modelType))]);
}

function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([(number << 3) | 2]), lengthOf(content.length), content]);
}

function varint(number: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([number << 3]), lengthOf(value)]);
}

function lengthOf(value: number): Buffer {
  return value < 0x80 ? Buffer.from([value]) : Buffer.concat([Buffer.from([(value & 0x7f) | 0x80]), lengthOf(value >> 7)]);
}
