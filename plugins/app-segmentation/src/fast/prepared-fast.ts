import type { Metrics } from '@zooid/common';
import { atOnce } from '@zooid/data';
import type { EncoderOutput, ModuleContext } from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import type { HostTensor, Random, TensorMap } from '@zooid/tensor';
import { type Units, unitsOf } from '@zooid/tokenizers';
import type { CollateContext, Features, PreparedTask } from '@zooid/trainer';
import { decodeBoundaries } from '../decode/boundaries.js';
import { applySpaces } from '../decode/rules.js';
import type { SegmentationExample } from '../example.js';
import { IGNORED, unitTags } from '../gold-tags.js';
import { segmentationMetrics, type WordsByGranularity } from '../metrics.js';
import { scoredWords } from '../words.js';
import { type FastModel, fastConfigJson, vocabularyFiles } from './fast-config.js';
import { fastHead, fastLoss } from './fast-network.js';
import { characterRow, pairRow, type UnitRows } from './fast-vocabulary.js';
import { pairConvolution } from './pair-convolution.js';
import { takeScores } from './take-scores.js';

/** A whole text: the network has no longest row. */
interface FastFeatures extends Features {
  readonly units: Units;
  readonly rows: UnitRows;
  /** Labels by granularity of the model; absent where the example has no words of it. */
  readonly labels: readonly (Int8Array | undefined)[];
}

/** The fast network in training: an example is a row, and has the labels of all its granularities. */
export class PreparedFast implements PreparedTask {
  readonly encoderFamily = pairConvolution;
  readonly outputs = ['logits'];
  readonly inputs = ['input_ids', 'pair_ids'];
  readonly groups = [];

  constructor(private readonly model: FastModel) {}

  get config(): Readonly<Record<string, unknown>> {
    return fastConfigJson(this.model);
  }

  get files(): ReadonlyMap<string, string | Uint8Array> {
    return vocabularyFiles(this.model);
  }

  featurize({ text, words }: SegmentationExample): FastFeatures {
    const units = unitsOf(text);
    const labels = this.model.granularities.map((name) => {
      const gold = words.get(name);
      return gold === undefined ? undefined : unitTags(units, gold);
    });
    return { length: units.count, units, rows: this.model.vocabulary.rowsOf(units), labels };
  }

  collate(examples: readonly FastFeatures[], { training, labels = training, random }: CollateContext): TensorMap {
    const sequence = examples.reduce((most, { length }) => Math.max(most, length), 0);
    const dims = [examples.length, sequence];
    const ids = new BigInt64Array(examples.length * sequence).fill(BigInt(characterRow.padding));
    const pairs = new BigInt64Array(examples.length * sequence).fill(BigInt(pairRow.padding));
    examples.forEach(({ rows }, row) => {
      const { characters, pairs: seen } = training ? this.withNoise(rows, random) : rows;
      for (let i = 0; i < characters.length; i++) {
        ids[row * sequence + i] = BigInt(characters[i]!);
        pairs[row * sequence + i] = BigInt(seen[i]!);
      }
    });
    const inputs = {
      input_ids: { dtype: 'int64', dims, data: ids } as const,
      pair_ids: { dtype: 'int64', dims, data: pairs } as const,
    };
    return labels ? { ...inputs, labels: this.labelTensor(examples, sequence) } : inputs;
  }

  lossWeight(examples: readonly FastFeatures[]): number {
    let labelled = 0;
    for (const { labels } of examples) {
      for (const gold of labels) for (const label of gold ?? []) if (label !== IGNORED) labelled++;
    }
    return labelled;
  }

  head(context: ModuleContext, encoder: EncoderOutput): Readonly<Record<string, Value>> {
    return fastHead(context, encoder, this.model.granularities.length);
  }

  loss(context: ModuleContext, { logits }: Readonly<Record<string, Value>>): Value {
    return fastLoss(context, logits!, this.model.granularities.length);
  }

  decode({ logits }: TensorMap, examples: readonly FastFeatures[]): WordsByGranularity[] {
    const { granularities } = this.model;
    const [, sequence] = logits!.dims as readonly [number, number];
    const data = logits!.data as Float32Array;
    return examples.map(({ units, labels }, row) => {
      const rules = new Uint8Array(units.count + 1);
      applySpaces(units, rules);
      const words = granularities.flatMap((name, granularity) => {
        if (labels[granularity] === undefined) return [];
        const emissions = new Float32Array(4 * units.count);
        const scores = { scores: data, from: row * sequence, granularities: granularities.length, granularity };
        takeScores(emissions, units, { first: 0, end: units.count }, scores);
        return [[name, scoredWords(units, atOnce(decodeBoundaries(emissions, rules)))] as const];
      });
      return new Map(words);
    });
  }

  /** Which words are unknown is the teacher's to tell: it has seen other texts. */
  metrics(answers: readonly WordsByGranularity[], examples: readonly SegmentationExample[]): Metrics {
    return segmentationMetrics(answers, examples, this.model.granularities, new Map());
  }

  goldenItems(examples: readonly SegmentationExample[]): readonly unknown[] {
    return examples.slice(0, 8).map(({ text }) => ({ text }));
  }

  private withNoise({ characters, pairs }: UnitRows, random: Random): UnitRows {
    const { characterDropout, pairDropout } = this.model.options.fast;
    const dropped = (rows: Int32Array, rate: number, unknown: number): Int32Array =>
      rate === 0 ? rows : rows.map((row) => (random.bernoulli(rate) ? unknown : row));
    return {
      characters: dropped(characters, characterDropout, characterRow.unknown),
      pairs: dropped(pairs, pairDropout, pairRow.unknown),
    };
  }

  private labelTensor(examples: readonly FastFeatures[], sequence: number): HostTensor {
    const count = this.model.granularities.length;
    const data = new BigInt64Array(examples.length * sequence * count).fill(BigInt(IGNORED));
    examples.forEach(({ labels }, row) => {
      labels.forEach((gold, granularity) => {
        if (gold === undefined) return;
        for (let i = 0; i < gold.length; i++) data[(row * sequence + i) * count + granularity] = BigInt(gold[i]!);
      });
    });
    return { dtype: 'int64', dims: [examples.length, sequence, count], data };
  }
}
