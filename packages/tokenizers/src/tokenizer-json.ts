import type { AddedToken } from './added-tokens.js';
import type { BertNormalization } from './bert-characters.js';
import { defaultSpecialTokens, type SpecialTokenRole } from './definition.js';
import { TokenizerError } from './errors.js';
import { JsonReader } from './json-reader.js';
import { bareTemplate, bertTemplate, type Template, type TemplatePart } from './template.js';
import { Tokenizer } from './tokenizer.js';

/**
 * Reads Hugging Face's `tokenizer.json`: a WordPiece model with BertNormalizer (or none), BertPreTokenizer, and
 * TemplateProcessing, BertProcessing or no post-processor. `truncation` and `padding` are the caller's affair and not
 * read; `lstrip` and `rstrip` of added tokens change no ids here, since white space makes no token.
 *
 * @param json The parsed file.
 * @param config The parsed `tokenizer_config.json`, for the names of the special tokens.
 * @throws TokenizerError naming the part that is malformed or not supported.
 */
export function parseTokenizerJson(json: unknown, config?: unknown): Tokenizer {
  const file = new JsonReader(json, 'tokenizer.json');
  const model = file.get('model');
  // Files of tokenizers before 0.10 leave the type out; a WordPiece model says how its pieces continue.
  if (model.get('type').isAbsent) model.get('continuing_subword_prefix').string();
  else model.type(['WordPiece']);
  const preTokenizer = file.get('pre_tokenizer');
  preTokenizer.type(['BertPreTokenizer']);
  const decoder = file.get('decoder');
  if (!decoder.isAbsent) decoder.type(['WordPiece']);

  const { vocab, addedTokens } = readVocab(model.get('vocab'), file.get('added_tokens'));
  const template = readTemplate(file.get('post_processor'), vocab);
  const unk = model.get('unk_token').string();
  return new Tokenizer({
    vocab,
    specialTokens: { ...guessRoles(template), ...readRoles(config), unk },
    addedTokens,
    normalization: readNormalization(file.get('normalizer')),
    template,
    continuingPrefix: model.get('continuing_subword_prefix').string('##'),
    maxCharactersPerWord: model.get('max_input_chars_per_word').count(100),
  });
}

/** The special tokens that `tokenizer_config.json` names, as strings or as `{ content }`. */
export function readRoles(config: unknown): Partial<Record<SpecialTokenRole, string>> {
  if (config === undefined) return {};
  const file = new JsonReader(config, 'tokenizer_config.json');
  const roles: Partial<Record<SpecialTokenRole, string>> = {};
  for (const role of ['pad', 'unk', 'cls', 'sep', 'mask'] as const) {
    const entry = file.get(`${role}_token`);
    if (entry.isAbsent) continue;
    roles[role] = typeof entry.value === 'string' ? entry.value : entry.get('content').string();
  }
  return roles;
}

function guessRoles(template: Template): Record<SpecialTokenRole, string> {
  const text = template.single.findIndex((part) => 'sequence' in part);
  const tokenAt = (part: TemplatePart | undefined) => (part !== undefined && 'token' in part ? part.token : undefined);
  return {
    ...defaultSpecialTokens,
    cls: tokenAt(template.single[text - 1]) ?? defaultSpecialTokens.cls,
    sep: tokenAt(template.single[text + 1]) ?? defaultSpecialTokens.sep,
  };
}

function readVocab(model: JsonReader, added: JsonReader): { vocab: string[]; addedTokens: AddedToken[] } {
  const vocab: string[] = [];
  const place = (token: string, id: number, part: string, size: number) => {
    if (id >= size) {
      throw new TokenizerError(
        part,
        `has id ${id}, but ids of ${size} tokens must be 0 to ${size - 1}, each used once`,
      );
    }
    if (vocab[id] !== undefined && vocab[id] !== token) {
      throw new TokenizerError(part, `has id ${id}, which ${JSON.stringify(vocab[id])} has already`);
    }
    vocab[id] = token;
  };
  const entries = Object.keys(model.object());
  const known = new Set(entries);
  const addedEntries = added.isAbsent ? [] : added.items();
  const fresh = new Set(
    addedEntries.map((entry) => entry.get('content').string()).filter((token) => !known.has(token)),
  );
  const size = entries.length + fresh.size;
  for (const token of entries) {
    const entry = model.get(token);
    place(token, entry.count(), entry.part, size);
  }
  const addedTokens = addedEntries.map((entry): AddedToken => {
    const content = entry.get('content').string();
    const id = entry.get('id').count();
    if (known.has(content) && vocab[id] !== content) {
      throw new TokenizerError(
        entry.part,
        `gives ${JSON.stringify(content)} id ${id}, but the model's vocabulary another`,
      );
    }
    place(content, id, entry.part, size);
    const special = entry.get('special').boolean(false);
    return {
      content,
      normalized: entry.get('normalized').boolean(!special),
      singleWord: entry.get('single_word').boolean(false),
      special,
    };
  });
  return { vocab, addedTokens };
}

function readNormalization(normalizer: JsonReader): BertNormalization {
  if (normalizer.isAbsent) {
    return { cleanText: false, chineseCharacters: false, stripAccents: false, lowercase: false };
  }
  normalizer.type(['BertNormalizer']);
  const lowercase = normalizer.get('lowercase').boolean(true);
  return {
    cleanText: normalizer.get('clean_text').boolean(true),
    chineseCharacters: normalizer.get('handle_chinese_chars').boolean(true),
    stripAccents: normalizer.get('strip_accents').boolean(lowercase),
    lowercase,
  };
}

function readTemplate(processor: JsonReader, vocab: readonly string[]): Template {
  if (processor.isAbsent) return bareTemplate;
  if (processor.type(['TemplateProcessing', 'BertProcessing']) === 'BertProcessing') {
    // Each is a `[token, id]` pair.
    const token = (key: string) => processor.get(key).items()[0] ?? processor.get(key).fail('a [token, id] pair');
    return bertTemplate(token('cls').string(), token('sep').string());
  }
  const tokens = processor.get('special_tokens');
  const readParts = (parts: JsonReader): TemplatePart[] =>
    parts.items().flatMap((item): TemplatePart[] => {
      const sequence = item.get('Sequence');
      if (!sequence.isAbsent) {
        const id = sequence.get('id').string();
        if (id !== 'A' && id !== 'B') sequence.get('id').fail('"A" or "B"');
        return [{ sequence: id as 'A' | 'B', typeId: readTypeId(sequence) }];
      }
      const special = item.get('SpecialToken');
      const typeId = readTypeId(special);
      const ids = tokens.get(special.get('id').string()).get('ids');
      return ids.items().map((id) => ({ token: vocab[id.count()] ?? id.fail('the id of a token'), typeId }));
    });
  const template = { single: readParts(processor.get('single')), pair: readParts(processor.get('pair')) };
  const uses = (parts: readonly TemplatePart[]) =>
    parts.flatMap((part) => ('sequence' in part ? [part.sequence] : [])).join(' ');
  if (uses(template.single) !== 'A') processor.get('single').fail('a template with sequence A once');
  if (uses(template.pair) !== 'A B') processor.get('pair').fail('a template with sequence A and then B');
  return template;
}

function readTypeId(part: JsonReader): number {
  const typeId = part.get('type_id').count(0);
  return typeId <= 255 ? typeId : part.get('type_id').fail('at most 255');
}
