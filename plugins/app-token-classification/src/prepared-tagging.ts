import { type Issue, type Metrics, ValidationError } from '@zooid/common';
import {
  crossEntropy,
  type EncoderConfig,
  type EncoderFamily,
  type EncoderOutput,
  encoderFamily,
  type ModuleContext,
  tokenClassificationHead,
} from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import { type TokenEntity, toPlain } from '@zooid/spec';
import { crfLoss, crfParameters, crfTable, labelsOfSpans, readStepScores, tokensOf } from '@zooid/tagging';
import { type HostTensor, type TensorMap, toFloat32 } from '@zooid/tensor';
import type { Tokenizer } from '@zooid/tokenizers';
import type { CollateContext, Features, PreparedTask } from '@zooid/trainer';
import { answerOf } from './answer.js';
import { createDecoder } from './decoder.js';
import { TokenClassificationParameters } from './dto.js';
import { Featurizer, type TextTokens } from './featurizer.js';
import { entityMetrics } from './metrics.js';
import type { TokenClassificationOptions } from './options.js';
import { sectionName, type TaggerConfig } from './tagger-config.js';
import type { TaggedText } from './token-records.js';

/** The label value that the losses ignore: special tokens and padding. */
const IGNORED = -100n;

/** Where the parameters of the conditional random field are; transformers has none of that name. */
const CRF = 'crf';

interface TaggedFeatures extends Features, TextTokens {
  /** Label ids of the text's tokens. */
  readonly labels: Int32Array;
}

export interface TaggingParts {
  readonly encoderConfig: Readonly<Record<string, unknown>>;
  readonly tagger: TaggerConfig;
  readonly options: TokenClassificationOptions;
  readonly tokenizer: Tokenizer;
  readonly tokenizerFiles: ReadonlyMap<string, string | Uint8Array>;
}

/** A tagger on an encoder of any family, as Hugging Face's `…ForTokenClassification` builds it. */
export class PreparedTagging implements PreparedTask {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly groups: PreparedTask['groups'];
  private readonly family: EncoderFamily;
  private readonly encoder: EncoderConfig;
  private readonly featurizer: Featurizer;
  private readonly parameters = new TokenClassificationParameters();

  /** @throws ValidationError when encoder or tokenizer cannot do what the options ask for. */
  constructor(private readonly parts: TaggingParts) {
    const { encoderConfig, options, tokenizer } = parts;
    this.family = encoderFamily(encoderConfig);
    this.encoder = this.family.parse(encoderConfig);
    refuseMisfit(parts, this.encoder, this.family.longestSequence(this.encoder));
    // A family with at most one kind of segment has no input for it.
    const hasSegments = this.encoder.type_vocab_size > 1;
    this.inputs = ['input_ids', 'attention_mask', ...(hasSegments ? ['token_type_ids'] : [])];
    this.outputs = this.hasCrf ? ['logits', 'transitions'] : ['logits'];
    this.groups = [{ name: 'head', match: (name) => !name.startsWith(`${this.family.prefix}.`) }];
    this.featurizer = new Featurizer({ tokenizer, maxLength: options.maxLength, inputs: this.inputs });
  }

  get config(): Readonly<Record<string, unknown>> {
    const { encoderConfig, tagger, options } = this.parts;
    const { labels } = tagger.tagSet;
    return {
      ...encoderConfig,
      model_type: this.family.modelType,
      architectures: [`${this.family.className}ForTokenClassification`],
      id2label: Object.fromEntries(labels.map((label, id) => [String(id), label])),
      label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
      [sectionName]: { options: toPlain(options) },
    };
  }

  get files(): ReadonlyMap<string, string | Uint8Array> {
    return this.parts.tokenizerFiles;
  }

  featurize({ text, entities }: TaggedText): TaggedFeatures {
    const tokens = this.featurizer.tokens(text, this.parts.options.maxLength);
    const { encoding, begin, end } = tokens;
    const spans = entities.flatMap((entity) => {
      const found = tokensOf(entity, encoding.offsets);
      return found === undefined ? [] : [{ type: entity.type, first: found.first - begin, last: found.last - begin }];
    });
    return { ...tokens, length: encoding.length, labels: labelsOfSpans(spans, end - begin, this.parts.tagger.tagSet) };
  }

  collate(rows: readonly TaggedFeatures[], { training, labels = training, random }: CollateContext): TensorMap {
    const { wordDropout } = this.parts.options;
    const noisy = training && wordDropout > 0;
    const inputs = this.featurizer.collate(
      noisy
        ? rows.map(({ encoding }) => ({ encoding: this.featurizer.dropWords(encoding, wordDropout, random) }))
        : rows,
    );
    return labels ? { ...inputs, labels: labelTensor(rows, inputs.input_ids!.dims[1]!) } : inputs;
  }

  lossWeight(rows: readonly TaggedFeatures[]): number {
    return rows.reduce((sum, { labels }) => sum + labels.length, 0);
  }

  head(context: ModuleContext, { lastHiddenState }: EncoderOutput): Readonly<Record<string, Value>> {
    const { options, tagger } = this.parts;
    const config =
      options.headDropout === undefined ? this.encoder : { ...this.encoder, classifier_dropout: options.headDropout };
    const logits = tokenClassificationHead(context, config, lastHiddenState, tagger.tagSet.size);
    if (!this.hasCrf) return { logits };
    return { logits, transitions: crfTable(crfParameters(context.child(CRF), tagger.tagSet.size)) };
  }

  /** Mean over the tokens labelled in `labels` `[batch, sequence]`: cross entropy, or the field's log-likelihood. */
  loss(context: ModuleContext, { logits }: Readonly<Record<string, Value>>): Value {
    const { options, tagger } = this.parts;
    const labels = context.input('labels', 'int64', ['batch', 'sequence']);
    if (!this.hasCrf) return crossEntropy(logits!, labels, { labelSmoothing: options.labelSmoothing });
    const parameters = crfParameters(context.child(CRF), tagger.tagSet.size);
    return crfLoss(logits!, labels, parameters, { maxLength: options.maxLength });
  }

  decode({ logits, transitions }: TensorMap, rows: readonly TaggedFeatures[]): (readonly TokenEntity[])[] {
    const { tagger, tokenizer } = this.parts;
    const { tagSet } = tagger;
    const steps = transitions === undefined ? undefined : readStepScores(transitions, tagSet.size);
    const reader = { tokenizer, tagSet, decoder: createDecoder(tagger, steps) };
    const data = toFloat32(logits!);
    const sequence = logits!.dims[1]!;
    return rows.map((row, i) => {
      const [from, to] = [row.begin, row.end].map((token) => (i * sequence + token) * tagSet.size);
      return answerOf(row, data.subarray(from, to), reader, this.parameters) as readonly TokenEntity[];
    });
  }

  metrics(answers: readonly (readonly TokenEntity[])[], examples: readonly TaggedText[]): Metrics {
    return entityMetrics(answers, examples);
  }

  goldenItems(examples: readonly TaggedText[]): readonly unknown[] {
    return examples.slice(0, 8).map(({ text }) => ({ text }));
  }

  private get hasCrf(): boolean {
    return this.parts.tagger.decoder === 'crf';
  }
}

function labelTensor(rows: readonly TaggedFeatures[], sequence: number): HostTensor<'int64'> {
  const data = new BigInt64Array(rows.length * sequence).fill(IGNORED);
  rows.forEach(({ labels, begin }, row) => {
    labels.forEach((label, i) => {
      data[row * sequence + begin + i] = BigInt(label);
    });
  });
  return { dtype: 'int64', dims: [rows.length, sequence], data };
}

function refuseMisfit({ options, tokenizer }: TaggingParts, encoder: EncoderConfig, longest: number): void {
  const issues: Issue[] = [];
  if (options.maxLength > longest) {
    const message = `is ${options.maxLength}, but the encoder takes ${longest} tokens (max_position_embeddings)`;
    issues.push({ path: '/maxLength', message });
  }
  if (tokenizer.vocabSize > encoder.vocab_size) {
    const message = `knows ${tokenizer.vocabSize} tokens, but the encoder has ${encoder.vocab_size} (vocab_size); they are not of one model`;
    issues.push({ path: '/tokenizer', message });
  }
  if (issues.length > 0) throw new ValidationError('options of app token-classification', issues);
}
