import { TokenizerError } from '../errors.js';
import { type ProtobufField, protobufFields } from './protobuf.js';

/** Kinds of pieces, as SentencePiece numbers them. */
export const pieceType = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

export interface SentencePiece {
  readonly piece: string;
  /** Log probability, or minus the rank of the merge. */
  readonly score: number;
  /** One of `pieceType`. */
  readonly type: number;
}

/** What a SentencePiece model file holds, as far as it matters for encoding. */
export interface SentencePieceFile {
  readonly algorithm: 'unigram' | 'bpe';
  readonly pieces: readonly SentencePiece[];
  readonly byteFallback: boolean;
  /** Empty when there is none. */
  readonly charsmap: Uint8Array;
  /** Put a space before the text. */
  readonly addDummyPrefix: boolean;
  /** Take spaces from the ends, and make one of several. */
  readonly removeExtraWhitespaces: boolean;
  /** Write spaces as `▁`. */
  readonly escapeWhitespaces: boolean;
}

const modelFields = { pieces: 1, trainerSpec: 2, normalizerSpec: 3 } as const;
const pieceFields = { piece: 1, score: 2, type: 3 } as const;
const trainerFields = { modelType: 3, treatWhitespaceAsSuffix: 24, byteFallback: 35 } as const;
const normalizerFields = { charsmap: 2, addDummyPrefix: 3, removeExtraWhitespaces: 4, escapeWhitespaces: 5 } as const;
const algorithms: Readonly<Record<number, SentencePieceFile['algorithm']>> = { 1: 'unigram', 2: 'bpe' };

/** Four times the largest vocabulary in common use. */
const maxPieces = 2 ** 20;

/**
 * Reads a SentencePiece `.model`.
 *
 * @param part The file, for messages.
 * @throws TokenizerError when it is damaged, or of the `word` or `char` kind.
 * @see sentencepiece `sentencepiece_model.proto`
 */
export function readSentencePieceFile(bytes: Uint8Array, part: string): SentencePieceFile {
  const pieces: SentencePiece[] = [];
  let trainer: ReadonlyMap<number, ProtobufField> = new Map();
  let normalizer: ReadonlyMap<number, ProtobufField> = new Map();
  for (const { number, bytes: content } of protobufFields(bytes, part)) {
    if (content === undefined) continue;
    if (number === modelFields.pieces) {
      if (pieces.length === maxPieces) throw new TokenizerError(part, `expected at most ${maxPieces} pieces`);
      pieces.push(readPiece(content, `${part} piece ${pieces.length}`));
    } else if (number === modelFields.trainerSpec) trainer = fieldMap(content, part);
    else if (number === modelFields.normalizerSpec) normalizer = fieldMap(content, part);
  }
  if (pieces.length === 0) {
    throw new TokenizerError(part, 'holds no pieces; expected a SentencePiece model');
  }
  const modelType = trainer.get(trainerFields.modelType)?.bits ?? 1;
  const algorithm = algorithms[modelType];
  if (algorithm === undefined) {
    throw new TokenizerError(part, `model type ${modelType} is not supported; unigram (1) and bpe (2) are`);
  }
  if (trainer.get(trainerFields.treatWhitespaceAsSuffix)?.bits === 1) {
    throw new TokenizerError(part, 'treat_whitespace_as_suffix is not supported');
  }
  const flag = (field: number) => normalizer.get(field)?.bits !== 0;
  return {
    algorithm,
    pieces,
    byteFallback: trainer.get(trainerFields.byteFallback)?.bits === 1,
    charsmap: normalizer.get(normalizerFields.charsmap)?.bytes ?? new Uint8Array(0),
    addDummyPrefix: flag(normalizerFields.addDummyPrefix),
    removeExtraWhitespaces: flag(normalizerFields.removeExtraWhitespaces),
    escapeWhitespaces: flag(normalizerFields.escapeWhitespaces),
  };
}

/** Of fields that occur several times the last one counts, as protobuf says. */
function fieldMap(message: Uint8Array, part: string): Map<number, ProtobufField> {
  return new Map(Array.from(protobufFields(message, part), (field) => [field.number, field]));
}

function readPiece(message: Uint8Array, part: string): SentencePiece {
  const fields = fieldMap(message, part);
  const scoreBits = fields.get(pieceFields.score)?.bits ?? 0;
  const score = new Float32Array(Uint32Array.of(scoreBits).buffer)[0]!;
  const type = fields.get(pieceFields.type)?.bits ?? pieceType.normal;
  if (!Number.isFinite(score)) throw new TokenizerError(part, `expected a number for a score, found ${score}`);
  if (type < pieceType.normal || type > pieceType.byte) {
    throw new TokenizerError(part, `has the unknown type ${type}`);
  }
  if (type === pieceType.unused) {
    throw new TokenizerError(part, 'is marked as unused, which is not supported; export the model without restriction');
  }
  try {
    const piece = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      fields.get(pieceFields.piece)?.bytes ?? new Uint8Array(0),
    );
    return { piece, score, type };
  } catch (cause) {
    throw new TokenizerError(part, 'is not UTF-8; the file is damaged', { cause });
  }
}
