import { type Issue, type Metrics, ValidationError } from '@zooid/common';
import { atOnce } from '@zooid/data';
import { type EncoderOutput, encoderFamily, type ModuleContext } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import { toPlain } from '@zooid/spec';
import type { HostTensor, Random, TensorMap } from '@zooid/tensor';
import { type Tokenizer, type Units, unitsOf } from '@zooid/tokenizers';
import type { CollateContext, Features, PreparedTask } from '@zooid/trainer';
import { decodeBoundaries } from './decode/boundaries.js';
import { applySpaces } from './decode/rules.js';
import type { SegmentationExample } from './example.js';
import { UNKNOWN_BIGRAM } from './features/bigrams.js';
import { Featurizer, type Row, takeEmissions, type WindowFeatures } from './features/featurizer.js';
import { lexiconMarks } from './features/lexicon-marks.js';
import { UNKNOWN_TAG } from './features/tags.js';
import { IGNORED, unitTags, windowLabels } from './gold-tags.js';
import { segmentationMetrics, type TrainingWords, type WordsByGranularity } from './metrics.js';
import { type HeadShape, segmentationHead, segmentationLoss } from './model/segmentation-head.js';
import { type SideKnowledge, sectionFiles } from './section-files.js';
import { type SegmentationConfig, sectionName } from './segmentation-config.js';
import { windowsOf } from './windows.js';
import { scoredWords } from './words.js';

/** The windows of one example, and what is to be learned of each. */
interface SegmentationFeatures extends Features {
  readonly units: Units;
  readonly windows: readonly WindowFeatures[];
  /** Per granularity that the example has and the model knows: labels of each window's units. */
  readonly labels: ReadonlyMap<string, readonly Int8Array[]>;
  readonly corpus: string | undefined;
}

/** A row of a batch: a window under one granularity's tag. */
interface LabelledRow extends Row {
  readonly labels: Int8Array;
  readonly granularity: number;
}

export interface SegmentationParts {
  readonly encoderConfig: Readonly<Record<string, unknown>>;
  readonly segmentation: SegmentationConfig;
  readonly tokenizer: Tokenizer;
  readonly tokenizerFiles: ReadonlyMap<string, string | Uint8Array>;
  readonly sides: SideKnowledge;
  readonly trainingWords: TrainingWords;
}

/**
 * Segmentation on an encoder of any family. An example becomes as many rows of a batch as it has windows times granularities,
 * because a row has one tag.
 */
export class PreparedSegmentation implements PreparedTask {
  readonly outputs = ['logits'];
  readonly inputs: readonly string[];
  readonly groups: PreparedTask['groups'];
  private readonly segmentation: SegmentationConfig;
  private readonly featurizer: Featurizer;
  private readonly unknownToken: number;

  /** @throws ValidationError when the encoder cannot do what the options ask for. */
  constructor(private readonly parts: SegmentationParts) {
    const { encoderConfig, segmentation, tokenizer, sides } = parts;
    const hasLexicon = sides.lexicon !== undefined;
    const { bigrams } = sides;
    const family = encoderFamily(encoderConfig);
    const encoder = family.parse(encoderConfig);
    this.segmentation = segmentation;
    const tagCount = segmentation.corpora.length === 0 ? 1 : 2;
    refuseMisfit(segmentation, tagCount, encoder.hidden_size, family.longestSequence(encoder));
    this.groups = [{ name: 'head', match: (name) => !name.startsWith(`${family.prefix}.`) }];
    this.inputs = [
      ...family.inputs(encoder),
      ...(bigrams === undefined ? [] : ['bigram_ids']),
      ...(hasLexicon ? ['lexicon_marks'] : []),
    ];
    this.featurizer = new Featurizer({
      tokenizer,
      bigrams,
      hasLexicon,
      tagCount,
      hasSegments: encoder.type_vocab_size > 1,
    });
    this.unknownToken = tokenizer.specialIds.unk!;
  }

  get config(): Readonly<Record<string, unknown>> {
    const { encoderConfig } = this.parts;
    return {
      ...encoderConfig,
      architectures: ['ZooidForSegmentation'],
      id2label: { 0: 'B', 1: 'M', 2: 'E', 3: 'S' },
      label2id: { B: 0, M: 1, E: 2, S: 3 },
      [sectionName]: { ...this.segmentation, options: toPlain(this.segmentation.options) },
    };
  }

  get files(): ReadonlyMap<string, string | Uint8Array> {
    const { tokenizerFiles, sides, trainingWords } = this.parts;
    return new Map([...tokenizerFiles, ...sectionFiles(sides, trainingWords)]);
  }

  featurize(example: SegmentationExample): SegmentationFeatures {
    const units = unitsOf(example.text);
    const { lexicon } = this.parts.sides;
    const marks = lexicon === undefined ? undefined : atOnce(lexiconMarks(units, lexicon));
    const windows = Array.from(windowsOf(units, this.segmentation.options.maxUnits), (window) =>
      this.featurizer.featurize(units, window, marks),
    );
    const labels = new Map<string, readonly Int8Array[]>();
    for (const name of this.segmentation.granularities) {
      const words = example.words.get(name);
      if (words === undefined) continue;
      const gold = unitTags(units, words);
      labels.set(
        name,
        windows.map(({ window }) => windowLabels(units, gold, window)),
      );
    }
    const length = windows.reduce((most, window) => Math.max(most, window.length), 0);
    return { length, units, windows, labels, corpus: example.corpus };
  }

  collate(examples: readonly SegmentationFeatures[], context: CollateContext): TensorMap {
    const { training, labels = training, random } = context;
    const plain = examples.flatMap((features) => this.rowsOf(features));
    const rows = training ? this.withNoise(plain, random) : plain;
    const inputs = this.featurizer.collate(rows);
    if (!labels) return inputs;
    const [, sequence] = inputs.input_ids!.dims as [number, number];
    const granularityLabels: HostTensor = {
      dtype: 'int64',
      dims: [rows.length],
      data: BigInt64Array.from(rows, ({ granularity }) => BigInt(granularity)),
    };
    return {
      ...inputs,
      labels: this.labelTensor(rows, sequence),
      ...(this.tellsGranularity ? { granularity_labels: granularityLabels } : {}),
    };
  }

  lossWeight(examples: readonly SegmentationFeatures[]): number {
    let labelled = 0;
    for (const { labels } of examples) {
      for (const windows of labels.values()) {
        for (const window of windows) for (const label of window) if (label !== IGNORED) labelled++;
      }
    }
    return labelled;
  }

  head(context: ModuleContext, encoder: EncoderOutput): Readonly<Record<string, Value>> {
    return segmentationHead(context, encoder, this.headShape);
  }

  loss(context: ModuleContext, outputs: Readonly<Record<string, Value>>): Value {
    return segmentationLoss(context, outputs, this.segmentation.options);
  }

  decode({ logits }: TensorMap, examples: readonly SegmentationFeatures[]): WordsByGranularity[] {
    const { firstUnit } = this.featurizer;
    const [, sequence] = logits!.dims as readonly [number, number];
    const data = logits!.data as Float32Array;
    let row = 0;
    return examples.map(({ units, windows, labels }) => {
      const rules = new Uint8Array(units.count + 1);
      applySpaces(units, rules);
      return new Map(
        Array.from(labels.keys(), (name) => {
          const emissions = new Float32Array(4 * units.count);
          for (const features of windows) {
            takeEmissions(emissions, units, features, { logits: data, from: row++ * sequence + firstUnit });
          }
          return [name, scoredWords(units, atOnce(decodeBoundaries(emissions, rules)))];
        }),
      );
    });
  }

  metrics(answers: readonly WordsByGranularity[], examples: readonly SegmentationExample[]): Metrics {
    return segmentationMetrics(answers, examples, this.segmentation.granularities, this.parts.trainingWords);
  }

  goldenItems(examples: readonly SegmentationExample[]): readonly unknown[] {
    return examples.slice(0, 8).map(({ text }) => ({ text }));
  }

  private get headShape(): HeadShape {
    const { options, granularities } = this.segmentation;
    const { bigrams, lexicon } = this.parts.sides;
    const { firstUnit } = this.featurizer;
    return {
      options,
      granularities: granularities.length,
      sides:
        bigrams === undefined
          ? undefined
          : {
              bigrams: { rows: bigrams.size, firstUnit, options: options.bigrams },
              hasLexicon: lexicon !== undefined,
            },
    };
  }

  private get tellsGranularity(): boolean {
    return this.segmentation.options.granularityLoss > 0 && this.segmentation.granularities.length > 1;
  }

  /** Granularity by granularity, window by window: the order that `decode` reads answers in. */
  private rowsOf({ windows, labels, corpus }: SegmentationFeatures): LabelledRow[] {
    const { granularities, granularityRows, corpora, corpusRows } = this.segmentation;
    const corpusTag = corpora.length === 0 ? [] : [corpusRows[corpus ?? UNKNOWN_TAG] ?? corpusRows[UNKNOWN_TAG]!];
    return Array.from(labels).flatMap(([name, gold]) =>
      windows.map((features, i) => ({
        length: features.length,
        features,
        tags: [granularityRows[name]!, ...corpusTag],
        labels: gold[i]!,
        granularity: granularities.indexOf(name),
      })),
    );
  }

  /** Tags are hidden, units and pairs dropped; what is to be learned stays as it is. */
  private withNoise(rows: readonly LabelledRow[], random: Random): LabelledRow[] {
    const { options, granularityRows, corpusRows } = this.segmentation;
    const { mode, rate } = options.denoising;
    const unknown = granularityRows[UNKNOWN_TAG]!;
    const hidden = (row: LabelledRow): LabelledRow => ({ ...row, tags: [unknown, ...row.tags.slice(1)] });
    const tagged =
      mode === 'twice'
        ? rows.flatMap((row) => [row, hidden(row)])
        : rows.map((row) => (mode === 'replace' && random.bernoulli(rate) ? hidden(row) : row));
    return tagged.map(({ tags: [tag, ...corpus], ...row }) => ({
      ...row,
      // Requests may leave the corpus out, so that training does half of the time.
      tags: [tag!, ...corpus.map((name) => (random.bernoulli(0.5) ? corpusRows[UNKNOWN_TAG]! : name))],
      features: this.dropped(row.features, random),
    }));
  }

  private dropped(features: WindowFeatures, random: Random): WindowFeatures {
    const { unitDropout, bigrams: bigramOptions, lexicon } = this.segmentation.options;
    const drops = (rate: number): boolean => rate > 0 && random.bernoulli(rate);
    const ids = features.ids.map((id) => (drops(unitDropout) ? this.unknownToken : id));
    const bigrams = features.bigrams.slice();
    for (let i = 0; i < bigrams.length; i += 2) {
      if (drops(bigramOptions.dropout)) bigrams.fill(UNKNOWN_BIGRAM, i, i + 2);
    }
    const marks = drops(lexicon.dropout) ? new Uint8Array(0) : features.marks;
    return { ...features, ids, bigrams, marks };
  }

  private labelTensor(rows: readonly LabelledRow[], sequence: number): HostTensor {
    const data = new BigInt64Array(rows.length * sequence).fill(BigInt(IGNORED));
    rows.forEach(({ labels }, row) => {
      const first = row * sequence + this.featurizer.firstUnit;
      for (let i = 0; i < labels.length; i++) data[first + i] = BigInt(labels[i]!);
    });
    return { dtype: 'int64', dims: [rows.length, sequence], data };
  }
}

function refuseMisfit({ options }: SegmentationConfig, tagCount: number, hidden: number, longest: number): void {
  const issues: Issue[] = [];
  const tokens = options.maxUnits + tagCount + 2;
  if (tokens > longest) {
    const message = `is ${options.maxUnits}, which with special tokens and tags makes ${tokens}, but the encoder takes ${longest} tokens (max_position_embeddings)`;
    issues.push({ path: '/maxUnits', message });
  }
  if (options.heads > 0 && hidden % options.heads !== 0) {
    issues.push({ path: '/heads', message: `is ${options.heads}, which must divide the hidden size ${hidden}` });
  }
  if (issues.length > 0) throw new ValidationError('options of app segmentation', issues);
}
