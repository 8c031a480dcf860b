import { JsonReader } from '../json-reader.js';

type JsonObject = Readonly<Record<string, unknown>>;

/** Keys of `tokenizer_config.json` and what they are called in a BertNormalizer. */
const bertKeys = {
  do_lower_case: 'lowercase',
  strip_accents: 'strip_accents',
  tokenize_chinese_chars: 'handle_chinese_chars',
} as const;

/**
 * The `tokenizer.json` with those settings of `tokenizer_config.json` that transformers lets go first: BERT's
 * normalisation, and whether GPT-2 and its kin put a space before the text.
 */
export function applyConfig(json: unknown, config: unknown): unknown {
  if (config === undefined || !isObject(json)) return json;
  const file = new JsonReader(config, 'tokenizer_config.json');
  const result: Record<string, unknown> = { ...json };
  if (isObject(json.normalizer) && json.normalizer.type === 'BertNormalizer') {
    const normalizer: Record<string, unknown> = { ...json.normalizer };
    for (const [from, to] of Object.entries(bertKeys)) {
      const setting = file.get(from);
      if (!setting.isAbsent) normalizer[to] = setting.boolean();
    }
    result.normalizer = normalizer;
  }
  const addPrefixSpace = file.get('add_prefix_space');
  if (!addPrefixSpace.isAbsent && isObject(json.pre_tokenizer) && json.pre_tokenizer.type === 'ByteLevel') {
    result.pre_tokenizer = { ...json.pre_tokenizer, add_prefix_space: addPrefixSpace.boolean() };
  }
  return result;
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
