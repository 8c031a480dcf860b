import type { TokenizerDefinition } from '../definition.js';
import { JsonReader } from '../json-reader.js';
import { noPostProcessor } from '../post-processor.js';
import { Tokenizer } from '../tokenizer.js';
import { applyConfig } from './apply-config.js';
import { readDecoder } from './read-decoder.js';
import { readModel } from './read-model.js';
import { readNormalizer } from './read-normalizer.js';
import { readPostProcessor } from './read-post-processor.js';
import { readPreTokenizer } from './read-pre-tokenizer.js';
import { mergeVocab } from './read-vocab.js';
import { chooseRoles, readRoles } from './roles.js';

/**
 * Reads Hugging Face's `tokenizer.json`: WordPiece, byte-pair encoding and Unigram models with the normalisers,
 * pre-tokenizers, post-processors and decoders that go with them. `truncation` and `padding` are the caller's affair
 * and not read.
 *
 * @param json The parsed file.
 * @param config The parsed `tokenizer_config.json`: names of the special tokens, and settings that go before those of
 * the file, as in transformers.
 * @throws TokenizerError naming the part that is malformed or not supported.
 */
export function parseTokenizerJson(json: unknown, config?: unknown): Tokenizer {
  const file = new JsonReader(applyConfig(json, config), 'tokenizer.json');
  const { model, entries } = readModel(file.get('model'));
  const { vocab, addedTokens } = mergeVocab(entries, file.get('added_tokens'));
  const optional = <T>(key: string, read: (reader: JsonReader) => T): T | undefined => {
    const reader = file.get(key);
    return reader.isAbsent ? undefined : read(reader);
  };
  const postProcessor = optional('post_processor', (reader) => readPostProcessor(reader, vocab)) ?? noPostProcessor;
  const normalizer = optional('normalizer', readNormalizer);
  const preTokenizer = optional('pre_tokenizer', readPreTokenizer);
  const decoder = optional('decoder', readDecoder);
  const unk = model.type === 'Unigram' ? vocab[model.unknownId ?? -1] : model.unknown;
  const roles = { ...readRoles(config), ...(unk === undefined ? {} : { unk }) };
  const definition: TokenizerDefinition = {
    vocab,
    specialTokens: chooseRoles(roles, postProcessor.template, vocab),
    addedTokens,
    ...(normalizer === undefined ? {} : { normalizer }),
    ...(preTokenizer === undefined ? {} : { preTokenizer }),
    model,
    postProcessor,
    ...(decoder === undefined ? {} : { decoder }),
  };
  return new Tokenizer(definition);
}
