import { type Issue, type Metrics, ValidationError } from '@zooid/common';
import {
  binaryCrossEntropyWithLogits,
  crossEntropy,
  type EncoderConfig,
  type EncoderFamily,
  type EncoderOutput,
  encoderFamily,
  type ModuleContext,
  sequenceClassificationHead,
} from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import { type LabelScore, toPlain } from '@zooid/spec';
import type { TensorMap } from '@zooid/tensor';
import type { Tokenizer } from '@zooid/tokenizers';
import type { CollateContext, Features, PreparedTask } from '@zooid/trainer';
import { decodeLogits } from './answer.js';
import { chooseThresholds } from './calibrate.js';
import { type ClassifierConfig, sectionName } from './classifier-config.js';
import type { ClassifiedExample } from './example.js';
import { Featurizer, labelTensor, type TextFeatures } from './featurizer.js';
import { meanPooledHead } from './mean-pooled-head.js';
import { classificationMetrics } from './metrics.js';
import type { TextClassificationOptions } from './options.js';

/** The label value that the loss ignores. */
const UNKNOWN_LABEL = -100;

interface LabelledFeatures extends Features, TextFeatures {
  readonly labels: readonly number[];
}

export interface ClassificationParts {
  readonly encoderConfig: Readonly<Record<string, unknown>>;
  readonly classifier: ClassifierConfig;
  readonly options: TextClassificationOptions;
  readonly tokenizer: Tokenizer;
  readonly tokenizerFiles: ReadonlyMap<string, string | Uint8Array>;
  /** Per label; absent: all count alike. */
  readonly classWeights: readonly number[] | undefined;
}

/** A classifier on an encoder of any family, as Hugging Face's `…ForSequenceClassification` builds it. */
export class PreparedClassification implements PreparedTask {
  readonly outputs = ['logits'];
  readonly inputs: readonly string[];
  readonly groups: PreparedTask['groups'];
  private readonly family: EncoderFamily;
  private readonly encoder: EncoderConfig;
  private readonly featurizer: Featurizer;
  private readonly labelIds: ReadonlyMap<string, number>;

  /** @throws ValidationError when encoder or tokenizer cannot do what the options ask for. */
  constructor(private readonly parts: ClassificationParts) {
    const { encoderConfig, classifier, options, tokenizer } = parts;
    this.family = encoderFamily(encoderConfig);
    this.encoder = this.family.parse(encoderConfig);
    refuseMisfit(parts, this.encoder, this.family.longestSequence(this.encoder));
    // A family with at most one kind of segment has no input for it.
    const hasSegments = this.encoder.type_vocab_size > 1;
    this.inputs = ['input_ids', 'attention_mask', ...(hasSegments ? ['token_type_ids'] : [])];
    this.groups = [{ name: 'head', match: (name) => isHead(name, this.family) }];
    this.featurizer = new Featurizer({ tokenizer, maxLength: options.maxLength, inputs: this.inputs });
    this.labelIds = new Map(classifier.labels.map((label, id) => [label, id]));
  }

  get config(): Readonly<Record<string, unknown>> {
    const { encoderConfig, classifier, options } = this.parts;
    const { pooling } = options;
    const { labels, multiLabel } = classifier;
    return {
      ...encoderConfig,
      model_type: this.family.modelType,
      // A name of our own where no class of Hugging Face's computes the same.
      architectures: [`${pooling === 'mean' ? 'Zooid' : this.family.className}ForSequenceClassification`],
      ...(pooling === 'mean' ? { classifier_pooling: 'mean' } : {}),
      id2label: Object.fromEntries(labels.map((label, id) => [String(id), label])),
      label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
      problem_type: multiLabel ? 'multi_label_classification' : 'single_label_classification',
      [sectionName]: this.section(classifier.thresholds),
    };
  }

  get files(): ReadonlyMap<string, string | Uint8Array> {
    return this.parts.tokenizerFiles;
  }

  featurize(example: ClassifiedExample): LabelledFeatures {
    // A validation label that training never saw takes no part in the loss; its answer counts as wrong.
    const labels = example.labels.map((label) => this.labelIds.get(label) ?? UNKNOWN_LABEL);
    return { ...this.featurizer.featurize(example), labels };
  }

  collate(rows: readonly LabelledFeatures[], { training, labels = training, random }: CollateContext): TensorMap {
    const { options, classifier } = this.parts;
    const inputs = this.featurizer.collate(rows, training ? { rate: options.wordDropout, random } : undefined);
    if (!labels) return inputs;
    const gold = rows.map((row) => row.labels);
    return { ...inputs, labels: labelTensor(gold, classifier) };
  }

  head(context: ModuleContext, encoder: EncoderOutput): Readonly<Record<string, Value>> {
    const { options, classifier } = this.parts;
    const config =
      options.headDropout === undefined ? this.encoder : { ...this.encoder, classifier_dropout: options.headDropout };
    const labels = classifier.labels.length;
    const emit = options.pooling === 'mean' ? meanPooledHead : sequenceClassificationHead;
    return { logits: emit(context, config, encoder, labels) };
  }

  /** Cross entropy over `labels` `[batch]`, or binary cross entropy over `labels` `[batch, labels]`. */
  loss(context: ModuleContext, { logits }: Readonly<Record<string, Value>>): Value {
    const { options, classifier, classWeights } = this.parts;
    if (classifier.multiLabel) {
      const labels = context.input('labels', 'float32', ['batch', classifier.labels.length]);
      return binaryCrossEntropyWithLogits(logits!, labels);
    }
    return crossEntropy(logits!, context.input('labels', 'int64', ['batch']), {
      labelSmoothing: options.labelSmoothing,
      ...(classWeights === undefined ? {} : { classWeights: context.graph.constant(classWeights) }),
    });
  }

  decode({ logits }: TensorMap): LabelScore[][] {
    const { labels, outputFunction } = this.parts.classifier;
    return decodeLogits(logits!, labels, outputFunction);
  }

  metrics(answers: readonly (readonly LabelScore[])[], examples: readonly ClassifiedExample[]): Metrics {
    return classificationMetrics(answers, examples, this.parts.classifier);
  }

  calibrate(
    answers: readonly (readonly LabelScore[])[],
    examples: readonly ClassifiedExample[],
  ): Record<string, unknown> {
    const { options, classifier } = this.parts;
    if (!classifier.multiLabel || options.threshold !== undefined) return {};
    return {
      [sectionName]: this.section(chooseThresholds(answers, examples, classifier.labels, options.thresholds)),
    };
  }

  goldenItems(examples: readonly ClassifiedExample[]): readonly unknown[] {
    return examples.slice(0, 8).map(({ labels: _, ...item }) => item);
  }

  /** The app's part of `config.json`: what Hugging Face has no field for. */
  private section(thresholds: readonly number[]): object {
    const { options, classifier } = this.parts;
    return { options: toPlain(options), ...(classifier.multiLabel ? { thresholds } : {}) };
  }
}

/** The pooler counts as head: checkpoints from masked language modelling have none, so it often starts new. */
function isHead(name: string, { prefix, pooler }: EncoderFamily): boolean {
  return !name.startsWith(`${prefix}.`) || (pooler !== undefined && name.startsWith(`${prefix}.${pooler}.`));
}

function refuseMisfit({ options, tokenizer }: ClassificationParts, encoder: EncoderConfig, longest: number): void {
  const issues: Issue[] = [];
  if (options.maxLength > longest) {
    const message = `is ${options.maxLength}, but the encoder takes ${longest} tokens (max_position_embeddings)`;
    issues.push({ path: '/maxLength', message });
  }
  if (tokenizer.vocabSize > encoder.vocab_size) {
    const message = `knows ${tokenizer.vocabSize} tokens, but the encoder has ${encoder.vocab_size} (vocab_size); they are not of one model`;
    issues.push({ path: '/tokenizer', message });
  }
  if (issues.length > 0) throw new ValidationError('options of app text-classification', issues);
}
