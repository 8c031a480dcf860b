import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ValidationError } from '@zooid/common';
import type { EncoderOutput, ModuleContext } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import type { HostTensor, TensorMap } from '@zooid/tensor';
import { loadTokenizer, type Tokenizer, tokenizerFromVocab, trainWordPiece } from '@zooid/tokenizers';
import type { CollateContext, Features, PrepareContext, PreparedTask, TrainingTask } from '@zooid/trainer';
import { decodeAnswers, type IntentAnswer } from './answer.js';
import { labelThreshold, rejectionThreshold } from './calibrate.js';
import { type IntentExample, parseExample } from './example.js';
import { Featurizer, type TextFeatures, typedToken } from './featurizer.js';
import { type PositionedSlot, positionGoldSlots, slotLabelTensor } from './gold-slots.js';
import { type IntentConfig, intentConfigOf, parseIntentOptions } from './intent-config.js';
import { intentMetrics } from './intent-metrics.js';
import type { Lexicon } from './lexicon/lexicon.js';
import { readLexicons, writeLexicon } from './lexicon/lexicon-files.js';
import { soleSources, trainingLexicon } from './lexicon/training-lexicon.js';
import { intentHead, intentLoss } from './model/intent-head.js';
import type { IntentOptions } from './options.js';
import { SlotLabels } from './slot-labels.js';

/** The label value that the loss ignores. */
const UNKNOWN_LABEL = -100;

/** Features of one example: its text's, and what training adds. */
interface IntentFeatures extends Features, TextFeatures {
  readonly labels: readonly number[];
  /** Gold slots on token positions, for the auxiliary tagging loss. */
  readonly goldSlots: readonly PositionedSlot[];
}

/** Makes the intent app trainable by any method. */
export const intentTask: TrainingTask = {
  parse: (record, options) => parseExample(record, parseIntentOptions(options)),

  async prepare(examples: readonly IntentExample[], context: PrepareContext): Promise<PreparedTask> {
    const options = parseIntentOptions(context.options);
    const labels = [...new Set(examples.flatMap((example) => example.labels))].sort();
    if (labels.length < 2) {
      throw new ValidationError('training data', [
        { path: `/${options.labelField}`, message: `needs at least 2 different labels, found ${labels.length}` },
      ]);
    }
    const lexicon = await trainingLexicon(examples, options, context);
    const slotTypes = [...new Set(lexicon.entries.map(({ type }) => type))].sort();
    const tokenizer =
      context.baseFolder === undefined
        ? trainTokenizer(examples, options, slotTypes)
        : await loadTokenizer(context.baseFolder);
    const goldTypes = [...new Set(examples.flatMap(({ slots }) => slots.map(({ type }) => type)))].sort();
    const config: IntentConfig = { options, labels, slotTypes, goldTypes, threshold: options.rejection.threshold ?? 0 };
    return new PreparedIntentTask(context.encoderConfig, config, tokenizer, lexicon, examples);
  },

  async restore(folder: string, overrides: Readonly<Record<string, unknown>>): Promise<PreparedTask> {
    const modelConfig = JSON.parse(await readFile(join(folder, 'config.json'), 'utf8')) as Record<string, unknown>;
    const saved = intentConfigOf(modelConfig);
    const config = { ...saved, options: parseIntentOptions({ ...saved.options, ...overrides }) };
    return new PreparedIntentTask(modelConfig, config, await loadTokenizer(folder), await readLexicons(folder), []);
  },
};

/** Characters of Chinese and word pieces of everything else, from the training texts. */
function trainTokenizer(examples: readonly IntentExample[], options: IntentOptions, slotTypes: readonly string[]): Tokenizer {
  const { vocabSize, minFrequency, lowercase } = options.tokenizer;
  const special = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
  const typed = options.fusion.mode === 'typed' ? slotTypes.map(typedToken) : [];
  const vocab = trainWordPiece(
    examples.map(({ text }) => text),
    { vocabSize, minFrequency, lowercase, specialTokens: [...special, ...typed] },
  );
  return tokenizerFromVocab(vocab, { lowercase });
}

class PreparedIntentTask implements PreparedTask {
  private readonly featurizer: Featurizer;
  private readonly labelIds: ReadonlyMap<string, number>;
  private readonly isSole: ReturnType<typeof soleSources>;
  private readonly classWeights: readonly number[] | undefined;

  constructor(
    private readonly encoderConfig: Readonly<Record<string, unknown>>,
    private readonly intent: IntentConfig,
    private readonly tokenizer: Tokenizer,
    private readonly lexicon: Lexicon,
    examples: readonly IntentExample[],
  ) {
    const { fusion, maxLength } = intent.options;
    this.featurizer = new Featurizer(tokenizer, new SlotLabels(intent.slotTypes), fusion, maxLength);
    this.labelIds = new Map(intent.labels.map((label, id) => [label, id]));
    this.isSole = soleSources(examples, lexicon);
    this.classWeights = inverseFrequencyWeights(examples, intent);
  }

  get config(): Readonly<Record<string, unknown>> {
    const { labels } = this.intent;
    return {
      ...this.encoderConfig,
      architectures: ['ZooidForIntentClassification'],
      vocab_size: this.tokenizer.vocabSize,
      id2label: Object.fromEntries(labels.map((label, id) => [String(id), label])),
      label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
      ...(this.intent.options.multiLabel ? { problem_type: 'multi_label_classification' } : {}),
      intent: this.intent,
    };
  }

  get files(): ReadonlyMap<string, string | Uint8Array> {
    const files = new Map<string, string | Uint8Array>([
      ['tokenizer.json', `${JSON.stringify(this.tokenizer.toJSON(), null, 1)}\n`],
    ]);
    if (this.lexicon.size > 0) files.set('lexicons/default.jsonl', writeLexicon(this.lexicon));
    return files;
  }

  get inputs(): readonly string[] {
    return ['input_ids', 'attention_mask', 'token_type_ids', ...(this.featurizer.usesSlots ? ['slot_ids'] : [])];
  }

  get outputs(): readonly string[] {
    const { mode } = this.intent.options.fusion;
    return mode === 'gated' || mode === 'full' ? ['logits', 'gate'] : ['logits'];
  }

  readonly groups = [{ name: 'head', match: (name: string) => !name.startsWith('bert.') }];

  featurize(example: IntentExample): IntentFeatures {
    const features = this.featurizer.featurize(example.text, this.lexicon, (match) => this.isSole(match, example.text));
    // A validation label that training never saw takes no part in the loss; its answer counts as wrong.
    return {
      ...features,
      labels: example.labels.map((label) => this.labelIds.get(label) ?? UNKNOWN_LABEL),
      goldSlots: this.intent.options.slotLoss === 0 ? [] : positionGoldSlots(example, features.encoding),
    };
  }

  collate(rows: readonly IntentFeatures[], context: CollateContext): TensorMap {
    const noise = context.training ? { options: this.intent.options.noise, random: context.random } : undefined;
    const inputs = this.featurizer.collate(rows, noise);
    if (!context.training && context.labels !== true) return inputs;
    if (this.intent.options.slotLoss === 0) return { ...inputs, labels: this.labelTensor(rows) };
    const slot_labels = slotLabelTensor(rows, inputs['input_ids']!.dims[1]!, this.intent.goldTypes);
    return { ...inputs, labels: this.labelTensor(rows), slot_labels };
  }

  head(context: ModuleContext, encoder: EncoderOutput): Readonly<Record<string, Value>> {
    return intentHead(context, encoder, this.intent);
  }

  loss(context: ModuleContext, outputs: Readonly<Record<string, Value>>): Value {
    return intentLoss(context, outputs, this.intent, this.classWeights);
  }

  decode(outputs: TensorMap, rows: readonly IntentFeatures[]): IntentAnswer[] {
    return decodeAnswers(outputs, rows, this.intent);
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
      return { dtype: 'int64', dims: [rows.length], data: BigInt64Array.from(rows, ({ labels }) => BigInt(labels[0]!)) };
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
function inverseFrequencyWeights(examples: readonly IntentExample[], { options, labels }: IntentConfig): number[] | undefined {
  if (options.classWeightPower === 0 || options.multiLabel || examples.length === 0) return undefined;
  const counts = new Map<string, number>();
  for (const { labels: gold } of examples) counts.set(gold[0]!, (counts.get(gold[0]!) ?? 0) + 1);
  const mean = examples.length / labels.length;
  return labels.map((label) => Math.min(5, Math.max(0.5, (mean / counts.get(label)!) ** options.classWeightPower)));
}
