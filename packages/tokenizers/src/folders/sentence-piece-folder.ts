import { Buffer } from 'node:buffer';
import { TokenizerError } from '../errors.js';
import {
  pieceType,
  readSentencePieceFile,
  type SentencePiece,
  type SentencePieceFile,
} from '../sentencepiece/model-file.js';
import type { Tokenizer } from '../tokenizer.js';
import { parseTokenizerJson } from '../tokenizer-json/parse-tokenizer-json.js';
import { addedTokensJson, checkPlaces, type FolderConfig, type PlacedToken } from './folder-config.js';
import { findFamily, type SentencePieceFamily } from './sentence-piece-family.js';
import { mergesOfPieces } from './sentence-piece-merges.js';

const wordMark = '▁';

/**
 * The tokenizer of a folder with a SentencePiece model, with what its family puts around it.
 *
 * @param name The model's file, for messages.
 * @param modelType `model_type` of `config.json`, where there is one.
 */
export function sentencePieceFromFolder(
  bytes: Uint8Array,
  name: string,
  config: FolderConfig,
  modelType?: string,
): Tokenizer {
  const file = readSentencePieceFile(bytes, name);
  const inFile = new Set(file.pieces.map(({ piece }) => piece));
  const family = findFamily(config, modelType, (piece) => inFile.has(piece));
  const pieces = family.isFairseq === true ? fairseqPieces(file.pieces, name) : file.pieces;
  const unknownId = pieces.findIndex(({ type }) => type === pieceType.unknown);
  if (unknownId === -1) throw new TokenizerError(name, 'has no piece for unknown characters');
  const ids = new Map(pieces.map(({ piece }, id) => [piece, id]));
  const tokens = pieces.map(({ piece }) => piece);
  const placed = placeTokens(pieces, family, config);
  checkPlaces(tokens, placed, name);
  for (const { token, id } of placed) ids.set(token.content, id);

  const roles = { ...family.roles, ...config.roles, unk: pieces[unknownId]!.piece };
  const full: FolderConfig = { ...config, roles, added: placed };
  const json = {
    added_tokens: addedTokensJson(full, (token) => ids.get(token)),
    normalizer: normalizerJson(file, family, config),
    pre_tokenizer: null,
    post_processor: templateJson(family, config, ids),
    decoder: decoderJson(file),
    model: modelJson(file, pieces, unknownId),
  };
  const named = Object.entries(roles).map(([role, token]) => [`${role}_token`, token]);
  return parseTokenizerJson(json, Object.fromEntries(named));
}

/** Control and user-defined pieces, what the folder adds, and what the family's own code adds. */
function placeTokens(
  pieces: readonly SentencePiece[],
  family: SentencePieceFamily,
  config: FolderConfig,
): PlacedToken[] {
  const placed = [...config.added];
  const known = new Set(config.added.map(({ token }) => token.content));
  const add = (content: string, id: number, special: boolean) => {
    if (known.has(content)) return;
    known.add(content);
    const leftStrip = content === (config.roles.mask ?? family.roles.mask);
    placed.push({ id, token: { content, normalized: false, singleWord: false, special, leftStrip }, part: content });
  };
  pieces.forEach(({ piece, type }, id) => {
    if (type === pieceType.control) add(piece, id, true);
    if (type === pieceType.userDefined) add(piece, id, false);
  });
  const inModel = new Set(pieces.map(({ piece }) => piece));
  let next = config.added.reduce((last, { id }) => Math.max(last, id + 1), pieces.length);
  for (const token of family.appended ?? []) {
    if (!inModel.has(token) && !known.has(token)) add(token, next++, true);
  }
  return placed.sort((a, b) => a.id - b.id);
}

/** fairseq counts `<s>`, `<pad>`, `</s>`, `<unk>` first; the file has `<unk>`, `<s>`, `</s>`. */
function fairseqPieces(pieces: readonly SentencePiece[], name: string): SentencePiece[] {
  const [unknown, first, second] = pieces;
  if (unknown?.type !== pieceType.unknown || first?.piece !== '<s>' || second?.piece !== '</s>') {
    throw new TokenizerError(name, 'expected the pieces <unk>, <s>, </s> first, as XLM-RoBERTa has them');
  }
  const control = (piece: string): SentencePiece => ({ piece, score: 0, type: pieceType.control });
  return [control('<s>'), control('<pad>'), control('</s>'), unknown, ...pieces.slice(3)];
}

/** SentencePiece's own normalisation, after that of the family. */
function normalizerJson(file: SentencePieceFile, family: SentencePieceFamily, { file: config }: FolderConfig): object {
  const replace = (pattern: object, content: string) => ({ type: 'Replace', pattern, content });
  const steps: object[] = [];
  if (family.cleansQuotesAndAccents === true) {
    steps.push(replace({ String: '``' }, '"'), replace({ String: "''" }, '"'));
    if (!config.get('keep_accents').boolean(false)) steps.push({ type: 'NFKD' }, { type: 'StripAccents' });
  }
  if (config.get('do_lower_case').boolean(family.lowercase ?? false)) steps.push({ type: 'Lowercase' });
  if (file.charsmap.length > 0) {
    steps.push({ type: 'Precompiled', precompiled_charsmap: Buffer.from(file.charsmap).toString('base64') });
  }
  if (file.removeExtraWhitespaces) {
    steps.push(replace({ Regex: '^ +| +$' }, ''), replace({ Regex: ' {2,}' }, ' '));
  }
  const space = file.escapeWhitespaces ? wordMark : ' ';
  if (file.addDummyPrefix) steps.push({ type: 'Prepend', prepend: space });
  if (file.escapeWhitespaces) steps.push(replace({ String: ' ' }, wordMark));
  return { type: 'Sequence', normalizers: steps };
}

function templateJson(
  family: SentencePieceFamily,
  { file: config }: FolderConfig,
  ids: ReadonlyMap<string, number>,
): object | null {
  const { single, pair, roles } = family;
  if (single === undefined || pair === undefined) return null;
  const isLlama = family.classes.includes('LlamaTokenizer');
  const addsBos = !isLlama || config.get('add_bos_token').boolean(true);
  const addsEos = isLlama && config.get('add_eos_token').boolean(false);
  const part = ([name, typeId]: readonly [string, number]): object[] => {
    if (name !== 'A' && name !== 'B') return addsBos ? [{ SpecialToken: { id: name, type_id: typeId } }] : [];
    const text = { Sequence: { id: name, type_id: typeId } };
    return addsEos ? [text, { SpecialToken: { id: roles.eos, type_id: typeId } }] : [text];
  };
  const names = [...new Set([...single.map(([name]) => name), roles.eos!])].filter((name) => name !== 'A');
  return {
    type: 'TemplateProcessing',
    single: single.flatMap(part),
    pair: pair.flatMap(part),
    special_tokens: Object.fromEntries(names.map((name) => [name, { ids: [ids.get(name)], tokens: [name] }])),
  };
}

function decoderJson({ escapeWhitespaces, addDummyPrefix, byteFallback }: SentencePieceFile): object {
  const steps: object[] = [];
  if (escapeWhitespaces) steps.push({ type: 'Replace', pattern: { String: wordMark }, content: ' ' });
  if (byteFallback) steps.push({ type: 'ByteFallback' });
  steps.push({ type: 'Fuse' });
  if (addDummyPrefix) steps.push({ type: 'Strip', content: ' ', start: 1, stop: 0 });
  return { type: 'Sequence', decoders: steps };
}

function modelJson(
  { algorithm, byteFallback }: SentencePieceFile,
  pieces: readonly SentencePiece[],
  unknownId: number,
): object {
  if (algorithm === 'unigram') {
    return {
      type: 'Unigram',
      vocab: pieces.map(({ piece, score }) => [piece, score]),
      unk_id: unknownId,
      byte_fallback: byteFallback,
    };
  }
  return {
    type: 'BPE',
    vocab: Object.fromEntries(pieces.map(({ piece }, id) => [piece, id])),
    merges: mergesOfPieces(pieces),
    unk_token: pieces[unknownId]!.piece,
    fuse_unk: true,
    byte_fallback: byteFallback,
  };
}
