import { type Issue, ValidationError } from '@zooid/common';
import { toPlain, validateDto } from '@zooid/spec';
import { TagSet } from '@zooid/tagging';
import { TokenClassificationOptions, type TrainedDecoder } from './options.js';

/** The app's section of `config.json`. */
export const sectionName = 'token-classification';

/** What a model folder says about its labels. */
export interface TaggerConfig {
  readonly tagSet: TagSet;
  /** Models of other libraries take the best label of every token by itself, as transformers does. */
  readonly decoder: TrainedDecoder | 'best';
  /** The recipe's options; absent when the folder was made by another library. */
  readonly options?: TokenClassificationOptions;
}

/**
 * Reads a `config.json`: one that this app wrote, or that of any `…ForTokenClassification`.
 *
 * @throws ValidationError when the folder was made for something else, or its labels contradict each other.
 */
export function taggerConfigOf(config: Readonly<Record<string, unknown>>): TaggerConfig {
  const [architecture] = Array.isArray(config.architectures) ? config.architectures : [];
  if (typeof architecture === 'string' && !architecture.endsWith('ForTokenClassification')) {
    const message = `names ${architecture}; this app opens models that are …ForTokenClassification`;
    throw new ValidationError('config.json', [{ path: '/architectures', message }]);
  }
  const tagSet = new TagSet(labelsOf(config));
  const section = config[sectionName] as { options?: object } | undefined;
  if (section?.options === undefined) return { tagSet, decoder: 'best' };
  const options = parseOptions(section.options);
  return { tagSet, decoder: options.decoder, options };
}

function labelsOf({ id2label, num_labels }: Readonly<Record<string, unknown>>): readonly string[] {
  const refuse = (path: string, message: string): never => {
    throw new ValidationError('config.json', [{ path, message }]);
  };
  if (id2label === undefined || id2label === null) {
    const count = num_labels ?? 2; // transformers leaves out both where there are two nameless labels
    if (!Number.isSafeInteger(count) || (count as number) < 1 || (count as number) > 100_000) {
      return refuse('/num_labels', 'must be a positive integer');
    }
    return Array.from({ length: count as number }, (_, i) => `LABEL_${i}`);
  }
  if (typeof id2label !== 'object' || Array.isArray(id2label)) return refuse('/id2label', 'must map ids to labels');
  const byId = new Map(Object.entries(id2label as Record<string, unknown>));
  if (byId.size === 0) refuse('/id2label', 'must name at least one label');
  const issues: Issue[] = [];
  const labels = Array.from({ length: byId.size }, (_, id) => {
    const label = byId.get(String(id));
    if (typeof label !== 'string')
      issues.push({ path: `/id2label/${id}`, message: `must be a label, as for every id below ${byId.size}` });
    return String(label);
  });
  if (issues.length > 0) throw new ValidationError('config.json', issues.slice(0, 20));
  return labels;
}

const parsed = new WeakMap<object, TokenClassificationOptions>();

/**
 * Validates a recipe's `options`; the same object is validated once, however often it is asked about.
 *
 * @throws ValidationError naming unknown keys and their nearest valid one, and options that contradict each other.
 */
export function parseOptions(options: object): TokenClassificationOptions {
  let result = parsed.get(options);
  if (result === undefined) {
    const subject = 'options of app token-classification';
    result = validateDto(TokenClassificationOptions, options, subject);
    if (result.decoder === 'crf' && result.labelSmoothing > 0) {
      const message = 'is for the decoder legal; a conditional random field has a likelihood of its own';
      throw new ValidationError(subject, [{ path: '/labelSmoothing', message }]);
    }
    parsed.set(options, result);
  }
  return result;
}

/** `options` with those of `overrides` instead, also inside `tokenizer`. */
export function mergeOptions(
  options: TokenClassificationOptions,
  overrides: Readonly<Record<string, unknown>>,
): TokenClassificationOptions {
  const plain = toPlain(options) as Record<string, unknown>;
  const tokenizer = { ...(plain.tokenizer as object), ...(overrides.tokenizer as object | undefined) };
  return parseOptions({ ...plain, ...overrides, tokenizer });
}
