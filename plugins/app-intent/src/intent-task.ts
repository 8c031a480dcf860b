import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Issue, ValidationError } from '@zooid/common';
import { type EncoderFamily, type EncoderOutput, encoderFamily, type ModuleContext } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import type { HostTensor, TensorMap } from '@zooid/tensor';
import { loadTokenizer, type Tokenizer, tokenizerFromVocab, trainWordPiece } from '@zooid/tokenizers';
import type { CollateContext, Features, PrepareContext, PreparedTask, TrainingTask } from '@zooid/trainer';
import type { IntentAnswer } from './answer.js';
import { labelThreshold, rejectionThreshold } from './calibrate.js';
import { type IntentExample, parseExample } from './example.js';
import { Featurizer, type TextFeatures, typedToken } from './featurizer.js';
import { type PositionedSlot, positionGoldSlots, slotLabelTensor } from './gold-slots.js';
import {
  defaultThreshold,
  type IntentConfig,
  intentConfigOf,
  mergeOptions,
  parseIntentOptions,
} from './intent-config.js';
import { intentMetrics } from './intent-metrics.js';
import type { Lexicon } from './lexicon/lexicon.js';
import { LEXICON_FOLDER, readLexicons, writeLexicon } from './lexicon/lexicon-files.js';
import { type TrainingLexicon, trainingLexicon } from './lexicon/training-lexicon.js';
import { intentHead, intentLoss } from './model/intent-head.js';
import { type IntentOptions, taggingWeight } from './options.js';
import { AnswerReader } from './read-answers.js';
import { SlotLabels } from './slot-labels.js';

/** The label value that the loss ignores. */
const UNKNOWN_LABEL = -100;

/** Features of one example: its text's, and what training adds. */
interface IntentFeatures extends Features, TextFeatures {
  readonly text: string;
  readonly labels: readonly number[];
  /** Gold slots on token positions, for the tagging loss. */
  readonly goldSlots: readonly PositionedSlot[];
}

/** Makes the intent app trainable by any method. */
export const intentTask: TrainingTask = {
  parse: (record, options) => parseExample(record, parseIntentOptions(options)),

  async prepare(examples: readonly IntentExample[], context: PrepareContext): Promise<PreparedTask> {
    const options = parseIntentOptions(context.options);
    const labels = [...new Set(examples.flatMap((example) => example.labels))].sort();
    if (labels.length < 2) {
      const message = `needs at least 2 different labels, found ${labels.length}`;
      throw new ValidationError('training data', [{ path: `/${options.labelField}`, message }]);
    }
    const { lexicon, isSole } = await trainingLexicon(examples, options, context);
    const slotTypes = [...new Set(Array.from(lexicon.entries, ({ type }) => type))].sort();
    const tokenizer =
      context.baseFolder === undefined
        ? trainTokenizer(examples, options, slotTypes)
        : await loadTokenizer(context.baseFolder);
    const goldTypes = [...new Set(examples.flatMap(({ slots }) => slots.map(({ type }) => type)))].sort();
    return new PreparedIntentTask({
      // A base model's table may be padded beyond its tokenizer; a new one is as large as the tokenizer needs.
      encoderConfig:
        context.baseFolder === undefined
          ? { ...context.encoderConfig, vocab_size: tokenizer.vocabSize }
          : context.encoderConfig,
      intent: { options, labels, slotTypes, goldTypes, threshold: defaultThreshold(options) },
      tokenizer,
      lexicon,
      isSole,
      classWeights: inverseFrequencyWeights(examples, labels, options),
    });
  },

  async restore(folder: string, overrides: Readonly<Record<string, unknown>>): Promise<PreparedTask> {
    const modelConfig = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
    const saved = intentConfigOf(modelConfig);
    const options = mergeOptions(saved.options, overrides);
    return new PreparedIntentTask({
      encoderConfig: modelConfig,
      intent: { ...saved, options },
      tokenizer: await loadTokenizer(folder),
      lexicon: await readLexicons(folder),
      isSole: () => false,
      classWeights: undefined,
    });
  },
};

/** Characters of Chinese and word pieces of everything else, from the training texts. */
function trainTokenizer(
  examples: readonly IntentExample[],
  options: IntentOptions,
  slotTypes: readonly string[],
): Tokenizer {
  const { vocabSize, minFrequency, lowercase } = options.tokenizer;
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const typed = options.fusion.mode === 'typed' ? slotTypes.map(typedToken) : [];
  const vocab = trainWordPiece(
    examples.map(({ text }) => text),
    { vocabSize, minFrequency, lowercase, specialTokens: [...special, ...typed] },
  );
  return tokenizerFromVocab(vocab, { lowercase });
}

interface PreparedParts {
  readonly encoderConfig: Readonly<Record<string, unknown>>;
  readonly intent: IntentConfig;
  readonly tokenizer: Tokenizer;
  readonly lexicon: Lexicon;
  readonly isSole: TrainingLexicon['isSole'];
  readonly classWeights: readonly number[] | undefined;
}

class PreparedIntentTask implements PreparedTask {
  readonly groups: PreparedTask['groups'];
  private readonly encoderInputs: readonly string[];
  private readonly intent: IntentConfig;
  private readonly featurizer: Featurizer;
  private readonly reader: AnswerReader;
  private readonly labelIds: ReadonlyMap<string, number>;

  /** @throws ValidationError when encoder or tokenizer cannot do what the options ask for. */
  constructor(private readonly parts: PreparedParts) {
    const { encoderConfig, intent, tokenizer } = parts;
    const family = encoderFamily(encoderConfig);
    const encoder = family.parse(encoderConfig);
    refuseMisfit(parts, family);
    this.groups = [{ name: 'head', match: (name) => !name.startsWith(`${family.prefix}.`) }];
    this.encoderInputs = family.inputs(encoder);
    this.intent = intent;
    this.reader = new AnswerReader(intent);
    this.featurizer = new Featurizer({
      tokenizer,
      labels: new SlotLabels(intent.slotTypes),
      fusion: intent.options.fusion,
      maxLength: intent.options.maxLength,
      maxPositions: family.longestSequence(encoder),
      hasSegments: encoder.type_vocab_size > 1,
    });
    this.labelIds = new Map(intent.labels.map((label, id) => [label, id]));
  }

  get config(): Readonly<Record<string, unknown>> {
    const { labels } = this.intent;
    return {
      ...this.parts.encoderConfig,
      architectures: ['ZooidForIntentClassification'],
      id2label: Object.fromEntries(labels.map((label, id) => [String(id), label])),
      label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
      ...(this.intent.options.multiLabel ? { problem_type: 'multi_label_classification' } : {}),
      intent: this.intent,
    };
  }

  get files(): ReadonlyMap<string, string | Uint8Array> {
    const files = new Map<string, string | Uint8Array>([
      ['tokenizer.json', `${JSON.stringify(this.parts.tokenizer.toJSON(), null, 1)}\n`],
    ]);
    const { entries } = this.parts.lexicon;
    if (entries.size > 0) files.set(`${LEXICON_FOLDER}/default.jsonl`, writeLexicon(entries));
    return files;
  }

  get inputs(): readonly string[] {
    return [...this.encoderInputs, ...(this.featurizer.usesSlots ? ['slot_ids'] : [])];
  }

  get outputs(): readonly string[] {
    const { mode } = this.intent.options.fusion;
    return [...this.reader.outputs, ...(mode === 'gated' || mode === 'full' ? ['gate'] : [])];
  }

  featurize(example: IntentExample): IntentFeatures {
    const { lexicon, isSole } = this.parts;
    const features = this.featurizer.featurize(example.text, lexicon, ({ entry }) => isSole(entry, example.text));
    // A validation label that training never saw takes no part in the loss; its answer counts as wrong.
    return {
      ...features,
      text: example.text,
      labels: example.labels.map((label) => this.labelIds.get(label) ?? UNKNOWN_LABEL),
      goldSlots: taggingWeight(this.intent.options) === 0 ? [] : positionGoldSlots(example, features.encoding),
    };
  }

  collate(rows: readonly IntentFeatures[], context: CollateContext): TensorMap {
    const noise = context.training ? { options: this.intent.options.noise, random: context.random } : undefined;
    const inputs = this.featurizer.collate(rows, noise);
    if (!context.training && context.labels !== true) return inputs;
    if (taggingWeight(this.intent.options) === 0) return { ...inputs, labels: this.labelTensor(rows) };
    const slot_labels = slotLabelTensor(rows, inputs.input_ids!.dims[1]!, this.intent.goldTypes);
    return { ...inputs, labels: this.labelTensor(rows), slot_labels };
  }

  head(context: ModuleContext, encoder: EncoderOutput): Readonly<Record<string, Value>> {
    return intentHead(context, encoder, this.intent);
  }

  loss(context: ModuleContext, outputs: Readonly<Record<string, Value>>): Value {
    return intentLoss(context, outputs, this.intent, this.parts.classWeights);
  }

  decode(outputs: TensorMap, rows: readonly IntentFeatures[]): IntentAnswer[] {
    const texts = rows.map((features) => ({ text: features.text, features }));
    return this.reader.read(texts, outputs);
  }

  metrics(answers: readonly IntentAnswer[], examples: readonly IntentExample[]): Record<string, number> {
    return intentMetrics(answers, examples, this.intent.options);
  }

  calibrate(answers: readonly IntentAnswer[], examples: readonly IntentExample[]): Record<string, unknown> {
    const { multiLabel, rejection } = this.intent.options;
    if (rejection.threshold !== undefined) return {};
    if (multiLabel) return { intent: { ...this.intent, threshold: labelThreshold(answers, examples) } };
    if (rejection.fallback === undefined) return {};
    return { intent: { ...this.intent, threshold: rejectionThreshold(answers, examples, rejection.fallback) } };
  }

  goldenItems(examples: readonly IntentExample[]): readonly unknown[] {
    return examples.slice(0, 8).map(({ text }) => ({ text }));
  }

  private labelTensor(rows: readonly IntentFeatures[]): HostTensor {
    if (!this.intent.options.multiLabel) {
      return {
        dtype: 'int64',
        dims: [rows.length],
        data: BigInt64Array.from(rows, ({ labels }) => BigInt(labels[0]!)),
      };
    }
    const width = this.intent.labels.length;
    const data = new Float32Array(rows.length * width);
    rows.forEach(({ labels }, row) => {
      for (const label of labels) if (label >= 0) data[row * width + label] = 1;
    });
    return { dtype: 'float32', dims: [rows.length, width], data };
  }
}

/** `(mean count / count)^power`, clipped to [0.5, 5]; `undefined` when weighting is off. */
function inverseFrequencyWeights(
  examples: readonly IntentExample[],
  labels: readonly string[],
  { classWeightPower, multiLabel }: IntentOptions,
): number[] | undefined {
  if (classWeightPower === 0 || multiLabel) return undefined;
  const counts = new Map<string, number>();
  for (const { labels: gold } of examples) counts.set(gold[0]!, (counts.get(gold[0]!) ?? 0) + 1);
  const mean = examples.length / labels.length;
  return labels.map((label) => Math.min(5, Math.max(0.5, (mean / counts.get(label)!) ** classWeightPower)));
}

function refuseMisfit({ encoderConfig, intent, tokenizer }: PreparedParts, family: EncoderFamily): void {
  const encoder = family.parse(encoderConfig);
  const { hidden_size: hidden } = encoder;
  const positions = family.longestSequence(encoder);
  const { maxLength, fusion } = intent.options;
  const issues: Issue[] = [];
  if (maxLength > positions) {
    const message = `is ${maxLength}, but the encoder's position table serves ${positions} tokens (max_position_embeddings)`;
    issues.push({ path: '/maxLength', message });
  }
  if (fusion.mode === 'full' && hidden % fusion.heads !== 0) {
    issues.push({ path: '/fusion/heads', message: `is ${fusion.heads}, which must divide the hidden size ${hidden}` });
  }
  const unknown =
    fusion.mode === 'typed' ? intent.slotTypes.filter((type) => tokenizer.idOf(typedToken(type)) === undefined) : [];
  if (unknown.length > 0) {
    const message = `'typed' needs a vocabulary with ${unknown.map(typedToken).join(', ')}; train without a base model`;
    issues.push({ path: '/fusion/mode', message });
  }
  if (intent.options.slots === 'predict' && intent.goldTypes.length === 0) {
    issues.push({ path: '/slots', message: "'predict' needs training records with annotated slots, found none" });
  }
  if (issues.length > 0) throw new ValidationError('options of app intent', issues);
}
