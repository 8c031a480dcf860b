import { type Issue, ValidationError } from '@zooid/common';
import { toPlain, validateDto } from '@zooid/spec';
import type { OutputFunction } from './dto.js';
import { TextClassificationOptions } from './options.js';

/** The app's section of `config.json`. */
export const sectionName = 'text-classification';

/** What a model folder says about its labels. */
export interface ClassifierConfig {
  /** By id. */
  readonly labels: readonly string[];
  /** Several labels may hold at once. */
  readonly multiLabel: boolean;
  /** What makes scores of logits. */
  readonly outputFunction: OutputFunction;
  /** Per label, the probability from which on it holds; only multi-label models use them. */
  readonly thresholds: readonly number[];
  /** The recipe's options; absent when the folder was made by another library. */
  readonly options?: TextClassificationOptions;
}

/**
 * Reads a `config.json`: one that this app wrote, or that of any `…ForSequenceClassification`.
 *
 * @throws ValidationError when the folder was made for something else, or its labels contradict each other.
 */
export function classifierConfigOf(config: Readonly<Record<string, unknown>>): ClassifierConfig {
  const [architecture] = Array.isArray(config.architectures) ? config.architectures : [];
  if (typeof architecture === 'string' && !architecture.endsWith('ForSequenceClassification')) {
    const message = `names ${architecture}; this app opens models that are …ForSequenceClassification`;
    throw new ValidationError('config.json', [{ path: '/architectures', message }]);
  }
  const labels = labelsOf(config);
  const section = config[sectionName] as { options?: object; thresholds?: unknown } | undefined;
  const multiLabel = config.problem_type === 'multi_label_classification';
  const given = Array.isArray(section?.thresholds) ? (section.thresholds as unknown[]) : [];
  return {
    labels,
    multiLabel,
    outputFunction: outputFunctionOf(config.problem_type, labels.length),
    thresholds: labels.map((_, i) => (typeof given[i] === 'number' ? given[i] : 0.5)),
    ...(section?.options === undefined ? {} : { options: parseOptions(section.options) }),
  };
}

/** As the text-classification pipeline of transformers chooses it: a lone logit is a yes or no. */
function outputFunctionOf(problem: unknown, labels: number): OutputFunction {
  if (problem === 'regression') return 'none';
  return problem === 'multi_label_classification' || labels === 1 ? 'sigmoid' : 'softmax';
}

function labelsOf({ id2label, num_labels }: Readonly<Record<string, unknown>>): readonly string[] {
  const refuse = (path: string, message: string): never => {
    throw new ValidationError('config.json', [{ path, message }]);
  };
  if (id2label === undefined || id2label === null) {
    const count = num_labels ?? 2; // transformers leaves out both where there are two nameless labels
    if (!Number.isSafeInteger(count) || (count as number) < 1 || (count as number) > 1_000_000) {
      return refuse('/num_labels', 'must be a positive integer');
    }
    return Array.from({ length: count as number }, (_, i) => `LABEL_${i}`);
  }
  if (typeof id2label !== 'object' || Array.isArray(id2label)) return refuse('/id2label', 'must map ids to labels');
  const entries = Object.entries(id2label as Record<string, unknown>);
  if (entries.length === 0) refuse('/id2label', 'must name at least one label');
  const byId = new Map(entries);
  const issues: Issue[] = [];
  const labels = entries.map((_, id) => {
    const label = byId.get(String(id));
    if (typeof label !== 'string')
      issues.push({ path: `/id2label/${id}`, message: `must be a label, as for every id below ${entries.length}` });
    return String(label);
  });
  if (issues.length > 0) throw new ValidationError('config.json', issues.slice(0, 20));
  return labels;
}

const parsed = new WeakMap<object, TextClassificationOptions>();

/**
 * Validates a recipe's `options`; the same object is validated once, however often it is asked about.
 *
 * @throws ValidationError naming unknown keys and their nearest valid one, and options that contradict each other.
 */
export function parseOptions(options: object): TextClassificationOptions {
  let result = parsed.get(options);
  if (result === undefined) {
    result = validateDto(TextClassificationOptions, options, 'options of app text-classification');
    refuseContradictions(result);
    parsed.set(options, result);
  }
  return result;
}

function refuseContradictions(options: TextClassificationOptions): void {
  const issues: Issue[] = [];
  const { multiLabel, labelSmoothing, classWeights, classWeightPower, positiveLabel, threshold } = options;
  const single = (path: string, isSet: boolean) => {
    if (multiLabel && isSet) issues.push({ path, message: 'is for one label per text, not for multiLabel' });
  };
  single('/labelSmoothing', labelSmoothing > 0);
  single('/classWeightPower', classWeightPower > 0);
  single('/classWeights', classWeights !== undefined);
  single('/positiveLabel', positiveLabel !== undefined);
  if (!multiLabel && threshold !== undefined) issues.push({ path: '/threshold', message: 'is for multiLabel only' });
  if (classWeights !== undefined && classWeightPower > 0) {
    issues.push({ path: '/classWeightPower', message: 'cannot be combined with classWeights; remove one of them' });
  }
  if (issues.length > 0) throw new ValidationError('options of app text-classification', issues);
}

/** `options` with those of `overrides` instead, also inside `tokenizer`. */
export function mergeOptions(
  options: TextClassificationOptions,
  overrides: Readonly<Record<string, unknown>>,
): TextClassificationOptions {
  const plain = toPlain(options) as Record<string, unknown>;
  const tokenizer = { ...(plain.tokenizer as object), ...(overrides.tokenizer as object | undefined) };
  return parseOptions({ ...plain, ...overrides, tokenizer });
}
