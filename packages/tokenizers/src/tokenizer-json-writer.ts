import type { TokenizerDefinition } from './definition.js';
import type { TemplatePart } from './template.js';

/** The definition in Hugging Face's `tokenizer.json` form, readable by `tokenizers` in Rust, Python and JavaScript. */
export function writeTokenizerJson(definition: TokenizerDefinition, ids: ReadonlyMap<string, number>): object {
  const { normalization, template, specialTokens, continuingPrefix } = definition;
  const templateTokens = [...template.single, ...template.pair].flatMap((part) =>
    'token' in part ? [part.token] : [],
  );
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    added_tokens: definition.addedTokens
      .map(({ content, normalized, singleWord, special }) => ({
        id: ids.get(content)!,
        content,
        single_word: singleWord,
        lstrip: false,
        rstrip: false,
        normalized,
        special,
      }))
      .sort((a, b) => a.id - b.id),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: normalization.cleanText,
      handle_chinese_chars: normalization.chineseCharacters,
      strip_accents: normalization.stripAccents,
      lowercase: normalization.lowercase,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: template.single.map(writePart),
      pair: template.pair.map(writePart),
      special_tokens: Object.fromEntries(
        templateTokens.map((token) => [token, { id: token, ids: [ids.get(token)!], tokens: [token] }]),
      ),
    },
    decoder: { type: 'WordPiece', prefix: continuingPrefix, cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: specialTokens.unk,
      continuing_subword_prefix: continuingPrefix,
      max_input_chars_per_word: definition.maxCharactersPerWord,
      vocab: Object.fromEntries(definition.vocab.map((token, id) => [token, id])),
    },
  };
}

function writePart(part: TemplatePart): object {
  return 'token' in part
    ? { SpecialToken: { id: part.token, type_id: part.typeId } }
    : { Sequence: { id: part.sequence, type_id: part.typeId } };
}
