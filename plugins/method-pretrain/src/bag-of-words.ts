import {
  activations,
  type EncoderConfig,
  type EncoderOutput,
  encoderFamily,
  layerNorm,
  linear,
  type ModuleContext,
  vocabularyScores,
  zeros,
} from '@zooid/nn';
import type { Value } from '@zooid/onnx';
import type { HostTensor } from '@zooid/tensor';
import type { TokenRun, TokenStore } from './token-store.js';

/** Path of what only this objective needs; it is not part of the model that is saved. */
export const bagPath = 'bag_of_words';
/** Tokens with a larger share of the corpus than this count less: by the root of how much larger. */
const FREQUENT = 1e-3;
/** Tokens that are read from the corpus at a time. */
const CHUNK = 1 << 18;

/**
 * Scores of every token for the block as a whole, `[batch, vocab]`, from the pooled first token: a transform of its own,
 * then the word table.
 */
export function bagOfWordsScores(context: ModuleContext, config: EncoderConfig, encoder: EncoderOutput): Value {
  const { hidden_size: width, initializer_range: std, vocab_size: vocab } = config;
  const bag = context.child(bagPath);
  const dense = linear(bag.child('dense'), encoder.pooledOutput(), width, { std });
  const transformed = layerNorm(bag.child('LayerNorm'), activations[config.hidden_act](dense), config.layer_norm_eps);
  const table = `${encoderFamily(config).prefix}.embeddings.word_embeddings`;
  const scores = vocabularyScores(context, transformed, {
    table,
    decoder: `${bagPath}.decoder`,
    vocab,
    tied: true,
    std,
  });
  return scores.add(bag.parameter('bias', [vocab], zeros));
}

/**
 * What the pooled first token has to tell of its block: which tokens are in it, the guessed ones included. Masked
 * language modelling gives that token nothing to learn, though classifiers read it.
 *
 * @see Ma et al. 2024, "Drop your Decoder: Pre-training with Bag-of-Word Prediction for Dense Passage Retrieval"
 */
export class BagOfWords {
  private constructor(private readonly weights: Float32Array) {}

  /** Counts the corpus, since frequent tokens tell little of what a text is about. */
  static of(store: TokenStore, vocabSize: number, special: ReadonlySet<number>): BagOfWords {
    const counts = new Float64Array(vocabSize);
    for (let from = 0; from < store.length; from += CHUNK) {
      for (const id of store.read(from, Math.min(CHUNK, store.length - from)).ids) counts[id]!++;
    }
    return new BagOfWords(
      Float32Array.from(counts, (count, id) =>
        special.has(id) ? 0 : Math.min(1, Math.sqrt((FREQUENT * store.length) / Math.max(count, 1))),
      ),
    );
  }

  /** One distribution over the vocabulary per block, `[batch, vocab]`; zeros for a block of nothing but separators. */
  targets(blocks: readonly TokenRun[]): HostTensor<'float32'> {
    const vocab = this.weights.length;
    const data = new Float32Array(blocks.length * vocab);
    blocks.forEach(({ ids }, row) => {
      const distinct = [...new Set(ids)];
      const sum = distinct.reduce((total, id) => total + this.weights[id]!, 0);
      if (sum > 0) for (const id of distinct) data[row * vocab + id] = this.weights[id]! / sum;
    });
    return { dtype: 'float32', dims: [blocks.length, vocab], data };
  }
}
