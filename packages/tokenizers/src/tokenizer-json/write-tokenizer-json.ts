import type { ModelDefinition, TokenizerDefinition } from '../definition.js';

/** The definition in Hugging Face's `tokenizer.json` form, readable by `tokenizers` in Rust, Python and JavaScript. */
export function writeTokenizerJson(definition: TokenizerDefinition, ids: ReadonlyMap<string, number>): object {
  const { vocab, model, normalizer, preTokenizer, postProcessor, decoder } = definition;
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: definition.addedTokens
      .map(({ content, normalized, singleWord, special, leftStrip = false, rightStrip = false }) => ({
        id: ids.get(content)!,
        content,
        single_word: singleWord,
        lstrip: leftStrip,
        rstrip: rightStrip,
        normalized,
        special,
      }))
      .sort((a, b) => a.id - b.id),
    normalizer: normalizer?.json ?? null,
    pre_tokenizer: preTokenizer?.json ?? null,
    post_processor: postProcessor.toJSON((token) => ids.get(token)!),
    decoder: decoder?.json ?? null,
    model: writeModel(model, vocab),
  };
}

function writeModel(model: ModelDefinition, vocab: readonly string[]): object {
  const byToken = () => Object.fromEntries(vocab.map((token, id) => [token, id]));
  switch (model.type) {
    case 'WordPiece':
      return {
        type: 'WordPiece',
        unk_token: model.unknown,
        continuing_subword_prefix: model.continuingPrefix,
        max_input_chars_per_word: model.maxCharactersPerWord,
        vocab: byToken(),
      };
    case 'BPE':
      return {
        type: 'BPE',
        dropout: null,
        unk_token: model.unknown ?? null,
        continuing_subword_prefix: model.continuingPrefix === '' ? null : model.continuingPrefix,
        end_of_word_suffix: model.endOfWordSuffix === '' ? null : model.endOfWordSuffix,
        fuse_unk: model.fuseUnknown,
        byte_fallback: model.byteFallback,
        ignore_merges: model.ignoreMerges,
        vocab: byToken(),
        merges: model.merges,
      };
    case 'Unigram':
      return {
        type: 'Unigram',
        unk_id: model.unknownId ?? null,
        vocab: model.scores.map((score, id) => [vocab[id]!, score]),
        byte_fallback: model.byteFallback,
      };
  }
}
