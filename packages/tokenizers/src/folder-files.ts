import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { sentencePieceNames } from './load.js';
import type { Tokenizer } from './tokenizer.js';

/** Every file that a tokenizer may consist of, in Hugging Face's model folders. */
const fileNames = [
  'tokenizer.json',
  'tokenizer_config.json',
  'special_tokens_map.json',
  'added_tokens.json',
  'vocab.txt',
  'vocab.json',
  'merges.txt',
  ...sentencePieceNames,
] as const;

/**
 * The tokenizer of a base model for the folder of a model that was made from it: the files as they are, so that every
 * library reads what it read before. A folder without `tokenizer.json` gets one besides, for libraries that know no
 * other form.
 *
 * @param tokenizer What was loaded from `folder`.
 * @returns name → content
 */
export async function copyTokenizerFiles(
  folder: string,
  tokenizer: Pick<Tokenizer, 'toJSON'>,
): Promise<Map<string, string | Uint8Array>> {
  const files = new Map<string, string | Uint8Array>();
  for (const name of fileNames) {
    const content = await readFile(join(folder, name)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (content !== undefined) files.set(name, content);
  }
  if (!files.has('tokenizer.json')) files.set('tokenizer.json', jsonText(tokenizer.toJSON()));
  return files;
}

/**
 * `tokenizer.json` and `tokenizer_config.json` of a new WordPiece tokenizer, as transformers (Python and JavaScript)
 * expect them beside a BERT model.
 *
 * @param maxLength Tokens of the longest input of the model.
 */
export function newTokenizerFiles(
  tokenizer: Pick<Tokenizer, 'toJSON' | 'specialTokens'>,
  { maxLength }: { readonly maxLength: number },
): Map<string, string> {
  const json = tokenizer.toJSON() as { readonly normalizer: Readonly<Record<string, unknown>> };
  const { lowercase, strip_accents, handle_chinese_chars } = json.normalizer;
  const { pad, unk, cls, sep, mask } = tokenizer.specialTokens;
  const config = {
    tokenizer_class: 'BertTokenizer',
    do_lower_case: lowercase,
    strip_accents,
    tokenize_chinese_chars: handle_chinese_chars,
    pad_token: pad,
    unk_token: unk,
    cls_token: cls,
    sep_token: sep,
    mask_token: mask,
    model_max_length: maxLength,
    clean_up_tokenization_spaces: true,
  };
  return new Map([
    ['tokenizer.json', jsonText(json)],
    ['tokenizer_config.json', jsonText(config)],
  ]);
}

const jsonText = (value: object): string => `${JSON.stringify(value, null, 1)}\n`;
