import { type Issue, type Metrics, ValidationError } from '@zooid/common';
import { atOnce } from '@zooid/data';
import { crossEntropy, type EncoderOutput, encoderFamily, linear, type ModuleContext } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import { toPlain } from '@zooid/spec';
import type { HostTensor, TensorMap } from '@zooid/tensor';
import { type Tokenizer, unitsOf } from '@zooid/tokenizers';
import type { CollateContext, Features, PreparedTask } from '@zooid/trainer';
import { joined, type Piece, type SentenceExample } from './example.js';
import { Featurizer, type Row } from './features.js';
import { goldOf, IGNORED } from './labels.js';
import { bestThreshold, type ReadText, sentenceMetrics } from './metrics.js';
import type { Mode } from './options.js';
import { emptyReading, outputOf, takeRow } from './reading.js';
import { type SentenceConfig, sectionName } from './sentence-config.js';
import { type Passage, passageOf } from './text/passage.js';
import { joinAtRandom, type LabelledUnits, withNoise } from './training/noise.js';

/** A row and what is to be learned of it: nothing of places that another row answers for. */
interface LabelledRow extends Row, LabelledUnits {}

interface SentenceFeatures extends Features {
  /** The text as a whole, for evaluation. */
  readonly passage: Passage;
  readonly rows: readonly LabelledRow[];
  /** Its pieces, for training: those that may be joined with others, and rows of those that fill one by themselves. */
  readonly pieces: readonly LabelledUnits[];
}

export interface SentenceParts {
  readonly encoderConfig: Readonly<Record<string, unknown>>;
  readonly config: SentenceConfig;
  readonly tokenizer: Tokenizer;
  readonly tokenizerFiles: ReadonlyMap<string, string | Uint8Array>;
}

/** The loss's input of labels. */
const labelsOf: Readonly<Record<Mode, string>> = { cut: 'cut_labels', punct: 'punct_labels' };

/** Sentence boundaries and marks on an encoder of any family: a linear layer for each, over one pass. */
export class PreparedSentences implements PreparedTask {
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly groups: PreparedTask['groups'];
  private readonly sentences: SentenceConfig;
  private readonly featurizer: Featurizer;

  /** @throws ValidationError when the encoder cannot do what the options ask for. */
  constructor(private readonly parts: SentenceParts) {
    const { encoderConfig, config, tokenizer } = parts;
    const family = encoderFamily(encoderConfig);
    const encoder = family.parse(encoderConfig);
    const { maxUnits } = config.options;
    refuseMisfit(maxUnits, family.longestSequence(encoder));
    this.sentences = config;
    this.groups = [{ name: 'head', match: (name) => !name.startsWith(`${family.prefix}.`) }];
    this.inputs = family.inputs(encoder);
    this.outputs = config.modes.map((mode) => outputOf[mode]);
    this.featurizer = new Featurizer({ tokenizer, maxUnits, hasSegments: encoder.type_vocab_size > 1 });
  }

  get config(): Readonly<Record<string, unknown>> {
    const labels = ['O', ...this.sentences.marks];
    return {
      ...this.parts.encoderConfig,
      architectures: ['ZooidForSentenceBoundary'],
      id2label: Object.fromEntries(labels.map((label, id) => [String(id), label])),
      label2id: Object.fromEntries(labels.map((label, id) => [label, id])),
      [sectionName]: this.section(this.sentences.thresholds),
    };
  }

  get files(): ReadonlyMap<string, string | Uint8Array> {
    return this.parts.tokenizerFiles;
  }

  featurize({ pieces }: SentenceExample): SentenceFeatures {
    const whole = joined(pieces);
    const { passage, rows } = this.rowsOf(whole);
    const parts = pieces.length === 1 ? rows : pieces.flatMap((piece) => this.rowsOf(piece).rows);
    const length = rows.reduce((most, row) => Math.max(most, row.length), 0);
    return { length, passage, rows, pieces: parts };
  }

  collate(examples: readonly SentenceFeatures[], { training, labels = training, random }: CollateContext): TensorMap {
    const { maxUnits, noise } = this.sentences.options;
    let rows: readonly LabelledUnits[] = examples.flatMap((features) => features.rows);
    if (training) {
      const pieces = examples.flatMap((features) => features.pieces);
      const pool = Int32Array.from(pieces.flatMap(({ ids }) => Array.from(ids)));
      const drawn = joinAtRandom(pieces, { join: noise.join, maxUnits }, random);
      rows = drawn.map((row) => withNoise(row, pool, noise, random));
    }
    const inputs = this.featurizer.collate(rows);
    if (!labels) return inputs;
    const dims = inputs.input_ids!.dims as [number, number];
    const tensors = this.sentences.modes.map((mode) => [labelsOf[mode], labelTensor(rows, mode, dims)] as const);
    return { ...inputs, ...Object.fromEntries(tensors) };
  }

  lossWeight(examples: readonly SentenceFeatures[]): number {
    let labelled = 0;
    for (const { rows } of examples)
      for (const { cut } of rows) for (const label of cut) if (label !== IGNORED) labelled++;
    return labelled;
  }

  head(context: ModuleContext, encoder: EncoderOutput): Readonly<Record<string, Value>> {
    const { options, modes, marks } = this.sentences;
    const classes: Readonly<Record<Mode, number>> = { cut: 2, punct: marks.length + 1 };
    const states = encoder.lastHiddenState;
    const logits = modes.map((mode) => {
      const head = context.child(mode);
      return [outputOf[mode], linear(head, head.dropout(states, options.headDropout), classes[mode])] as const;
    });
    return Object.fromEntries(logits);
  }

  /** The sum of the modes' mean cross entropies over `cut_labels` and `punct_labels` `[batch, sequence]`. */
  loss(context: ModuleContext, outputs: Readonly<Record<string, Value>>): Value {
    const { modes, classWeights } = this.sentences;
    const losses = modes.map((mode) => {
      const labels = context.input(labelsOf[mode], 'int64', ['batch', 'sequence']);
      const weights = classWeights?.[mode];
      const options = weights === undefined ? {} : { classWeights: context.graph.constant([...weights]) };
      return crossEntropy(outputs[outputOf[mode]]!, labels, options);
    });
    return losses.reduce((sum, loss) => sum.add(loss));
  }

  decode(outputs: TensorMap, examples: readonly SentenceFeatures[]): ReadText[] {
    const { modes, marks } = this.sentences;
    let row = 0;
    return examples.map(({ passage, rows }) => {
      const reading = emptyReading(passage.count, modes, marks.length + 1);
      for (const asked of rows) takeRow(reading, outputs, asked, row++);
      return { passage, reading };
    });
  }

  metrics(answers: readonly ReadText[], examples: readonly SentenceExample[]): Metrics {
    return sentenceMetrics(answers, examples, this.sentences);
  }

  /** Thresholds at the highest F1 on the validation answers. */
  calibrate(answers: readonly ReadText[], examples: readonly SentenceExample[]): Record<string, unknown> {
    const { modes, thresholds } = this.sentences;
    const chosen = modes.map((mode) => [mode, bestThreshold(answers, examples, this.sentences, mode)] as const);
    return { [sectionName]: this.section({ ...thresholds, ...Object.fromEntries(chosen) }) };
  }

  goldenItems(examples: readonly SentenceExample[]): readonly unknown[] {
    return examples.slice(0, 8).map(({ pieces }) => ({ text: joined(pieces).text }));
  }

  private section(thresholds: SentenceConfig['thresholds']): object {
    return { ...this.sentences, options: toPlain(this.sentences.options), thresholds };
  }

  private rowsOf(piece: Piece): { readonly passage: Passage; readonly rows: LabelledRow[] } {
    const passage = atOnce(passageOf(unitsOf(piece.text)));
    const gold = goldOf(passage, piece, this.sentences.options);
    const rows = Array.from(this.featurizer.rows(passage, 0, passage.count), (row) => ({
      ...row,
      cut: answered(gold.cut, row),
      punct: answered(gold.punct, row),
    }));
    return { passage, rows };
  }
}

/** Labels of a row's units; none of those that another row answers for. */
function answered(labels: Int8Array, { ids, from, first, last }: Row): Int8Array {
  return Int8Array.from(ids, (_, i) => (from + i >= first && from + i < last ? labels[from + i]! : IGNORED));
}

function labelTensor(rows: readonly LabelledUnits[], mode: Mode, dims: readonly [number, number]): HostTensor {
  const data = new BigInt64Array(dims[0] * dims[1]).fill(BigInt(IGNORED));
  rows.forEach((row, i) => {
    const labels = row[mode];
    for (let k = 0; k < labels.length; k++) data[i * dims[1] + 1 + k] = BigInt(labels[k]!);
  });
  return { dtype: 'int64', dims, data };
}

function refuseMisfit(maxUnits: number, longest: number): void {
  if (maxUnits + 2 <= longest) return;
  const message = `is ${maxUnits}, which with special tokens makes ${maxUnits + 2}, but the encoder takes ${longest} tokens (max_position_embeddings)`;
  const issues: Issue[] = [{ path: '/maxUnits', message }];
  throw new ValidationError('options of app sentence-boundary', issues);
}
