export type { AddedToken } from './added-tokens.js';
export {
  AhoCorasick,
  type AutomatonParts,
  type LexiconEntry,
  type LexiconMatch,
  type LexiconOptions,
} from './aho-corasick.js';
export type { BertNormalization } from './bert-characters.js';
export { CodePoints } from './code-points.js';
export type {
  BpeModel,
  ModelDefinition,
  SpecialTokenRole,
  SpecialTokens,
  TokenizerDefinition,
  UnigramModel,
  WordPieceModel,
} from './definition.js';
export { graphInputs, longestInput } from './encoder-inputs.js';
export type { Encoding } from './encoding.js';
export { TokenizerError } from './errors.js';
export { copyTokenizerFiles, newTokenizerFiles } from './folder-files.js';
export { parseVocabText } from './folders/word-piece-folder.js';
export { loadTokenizer } from './load.js';
export {
  createTextNormalizer,
  isSpaceOrPunctuation,
  type NormalizedText,
  type NormalizeOptions,
  normalizeText,
} from './normalized-text.js';
export { type PaddedBatch, type PadOptions, padEncodings } from './pad.js';
export type { Template, TemplatePart } from './template.js';
export { type EncodeOptions, Tokenizer } from './tokenizer.js';
export { parseTokenizerJson } from './tokenizer-json/parse-tokenizer-json.js';
export { type TrainWordPieceOptions, trainWordPiece } from './train-wordpiece.js';
export type { Truncation } from './truncation.js';
export { Slab } from './units/slab.js';
export { UnitTokens } from './units/unit-tokens.js';
export { splitUnits, textOf, type Units, unitKind, unitsOf } from './units/units.js';
export { tokenizerFromVocab, type VocabOptions } from './vocab.js';
export { assertWellFormed } from './well-formed.js';
