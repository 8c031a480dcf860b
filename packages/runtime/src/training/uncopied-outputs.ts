import { InferenceSession, sessionOptions, Tensor } from '../ort.js';

/**
 * Keeps the binding from copying outputs that were already written to preallocated buffers.
 *
 * onnxruntime-node writes a preallocated output in place and then still copies it into a fresh buffer for the result
 * object; for gradients that is a copy of the whole model per step. The binding goes through the outputs in graph
 * order and throws at one that is not a tensor. With a sequence as the *first* output it throws after the run and
 * before the first copy. This leans on an error path, so `canSkipCopies` tries it on a tiny model at start-up, and
 * the training engine uses plain fetches where the behaviour is not exactly as expected.
 */
export const sequenceOutput = 'zooid_uncopied';
const expectedMessage = 'Non tensor type is temporarily not supported.';

export function isExpectedThrow(error: unknown): boolean {
  return error instanceof Error && error.message === expectedMessage;
}

/**
 * The model with one more output in front: an empty sequence.
 *
 * Protobuf merges repeated occurrences of a sub-message, field by field in the order of the bytes (encoding
 * specification, "Last One Wins"), so a graph with only the output goes before the model and a graph with only the
 * node behind it; the model itself is not parsed.
 */
export function withSequenceOutput(model: Uint8Array): Uint8Array {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const float32 = 1;
  const tensorType = field(1, varint(1, float32));
  const sequenceType = field(4, field(1, tensorType));
  const output = field(12, field(1, text(sequenceOutput)), field(2, sequenceType));
  const node = field(1, field(2, text(sequenceOutput)), field(4, text('SequenceEmpty')));
  return concat(field(7, output), model, field(7, node));
}

/** A length-delimited protobuf field below number 16. */
function field(number: number, ...content: readonly Uint8Array[]): Uint8Array {
  const body = concat(...content);
  return concat(Uint8Array.of((number << 3) | 2, ...lengthBytes(body.length)), body);
}

function varint(number: number, value: number): Uint8Array {
  return Uint8Array.of(number << 3, value);
}

function lengthBytes(length: number): number[] {
  return length < 0x80 ? [length] : [(length & 0x7f) | 0x80, ...lengthBytes(length >>> 7)];
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const result = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

/** y = x + x over one float, opset 17. */
function doublingModel(): Uint8Array {
  const text = (content: string): Uint8Array => new TextEncoder().encode(content);
  const scalarType = field(1, varint(1, 1), field(2));
  const value = (name: string): readonly Uint8Array[] => [field(1, text(name)), field(2, scalarType)];
  const node = field(1, field(1, text('x')), field(1, text('x')), field(2, text('y')), field(4, text('Add')));
  const graph = field(7, node, field(2, text('double')), field(11, ...value('x')), field(12, ...value('y')));
  return concat(varint(1, 8), graph, field(8, varint(2, 17)));
}

/** Whether the trick works here: the run throws exactly the expected error and the buffer holds the right value. */
export async function canSkipCopies(): Promise<boolean> {
  let session: InferenceSession | undefined;
  try {
    session = await InferenceSession.create(withSequenceOutput(doublingModel()), sessionOptions(1));
    if (session.outputNames[0] !== sequenceOutput) return false;
    const y = new Float32Array([Number.NaN]);
    const error = await session
      .run(
        { x: new Tensor('float32', Float32Array.of(21), []) },
        { [sequenceOutput]: null, y: new Tensor('float32', y, []) },
      )
      .then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
    return isExpectedThrow(error) && y[0] === 42;
  } catch {
    return false;
  } finally {
    await session?.release();
  }
}
