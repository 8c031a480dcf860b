import { legalMoves, type Moves, marginals, type StepScores, type TagSet, viterbi } from '@zooid/tagging';
import type { TaggerConfig } from './tagger-config.js';

/** Where rounding made a probability nothing; its logarithm must stay finite. */
const TINY = 1e-300;

/** A label per token or word, and how likely it is. */
export interface Labelling {
  readonly labels: Int32Array;
  readonly scores: Float64Array;
}

/** Chooses labels from the probabilities of tokens or words. */
export interface Decoder {
  /** @param probabilities `[length · labels]`, each row summing to 1. */
  decode(probabilities: Float64Array): Labelling;
}

/**
 * `best`: the most likely label of each by itself. `legal`: the most likely sequence that the scheme allows; scores are
 * the probabilities of its labels. `crf`: the same with learned steps; scores are marginals over all legal sequences.
 */
export function createDecoder(
  { tagSet, decoder }: Pick<TaggerConfig, 'tagSet' | 'decoder'>,
  steps?: StepScores,
): Decoder {
  if (decoder === 'best') return { decode: (probabilities) => bestLabels(probabilities, tagSet.size) };
  const moves = legalMoves(tagSet, steps);
  return { decode: (probabilities) => bestSequence(probabilities, moves, decoder === 'crf') };
}

function bestLabels(probabilities: Float64Array, size: number): Labelling {
  const length = probabilities.length / size;
  const labels = new Int32Array(length);
  for (let row = 0; row < length; row++) {
    const at = row * size;
    let best = 0;
    for (let label = 1; label < size; label++) if (probabilities[at + label]! > probabilities[at + best]!) best = label;
    labels[row] = best;
  }
  return { labels, scores: scoresOf(labels, probabilities, size) };
}

function bestSequence(probabilities: Float64Array, moves: Moves, learned: boolean): Labelling {
  const emissions = probabilities.map((p) => Math.log(Math.max(p, TINY)));
  const labels = viterbi(emissions, moves);
  return { labels, scores: scoresOf(labels, learned ? marginals(emissions, moves) : probabilities, moves.size) };
}

const scoresOf = (labels: Int32Array, probabilities: Float64Array, size: number): Float64Array =>
  Float64Array.from(labels, (label, row) => probabilities[row * size + label]!);

/** Softmax of rows of logits, in double precision. */
export function probabilitiesOf(logits: Float32Array, { size }: Pick<TagSet, 'size'>): Float64Array {
  const result = new Float64Array(logits.length);
  for (let at = 0; at < logits.length; at += size) {
    let peak = Number.NEGATIVE_INFINITY;
    for (let i = at; i < at + size; i++) peak = Math.max(peak, logits[i]!);
    let total = 0;
    for (let i = at; i < at + size; i++) total += result[i] = Math.exp(logits[i]! - peak);
    for (let i = at; i < at + size; i++) result[i]! /= total;
  }
  return result;
}
