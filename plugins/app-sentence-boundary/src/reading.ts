import type { TensorMap } from '@zooid/tensor';
import { toFloat32 } from '@zooid/tensor';
import type { Row } from './features.js';
import type { Mode } from './options.js';

/** What the model says of the places of a text. Places that it was not asked about are 0. */
export interface Reading {
  /** By place: the probability that a sentence ends. */
  readonly cut?: Float32Array;
  /** By place: the probabilities of no mark and of each mark, `count × classes`. */
  readonly punct?: Float32Array;
}

/** Name of the graph's output. */
export const outputOf: Readonly<Record<Mode, string>> = { cut: 'cut_logits', punct: 'punct_logits' };

/** Room for the answers of so many places. @param classes of `punct`. */
export function emptyReading(count: number, modes: readonly Mode[], classes: number): Reading {
  return {
    ...(modes.includes('cut') && { cut: new Float32Array(count) }),
    ...(modes.includes('punct') && { punct: new Float32Array(count * classes) }),
  };
}

/** Copies what a batch says of one row's answered places into the reading of its text. */
export function takeRow(reading: Reading, outputs: TensorMap, { from, first, last }: Row, row: number): void {
  if (reading.cut !== undefined) {
    const { data, at } = statesOf(outputs, 'cut', row, first - from);
    for (let place = first; place < last; place++) {
      const i = at + 2 * (place - first);
      reading.cut[place] = 1 / (1 + Math.exp(data[i]! - data[i + 1]!));
    }
  }
  if (reading.punct !== undefined) {
    const { data, at, classes } = statesOf(outputs, 'punct', row, first - from);
    for (let place = first; place < last; place++) {
      softmax(
        data.subarray(at + classes * (place - first)),
        reading.punct.subarray(place * classes, (place + 1) * classes),
      );
    }
  }
}

function statesOf(outputs: TensorMap, mode: Mode, row: number, skipped: number) {
  const logits = outputs[outputOf[mode]]!;
  const [, sequence, classes] = logits.dims as readonly [number, number, number];
  return { data: toFloat32(logits), at: (row * sequence + 1 + skipped) * classes, classes };
}

function softmax(logits: Float32Array, target: Float32Array): void {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < target.length; i++) most = Math.max(most, logits[i]!);
  let sum = 0;
  for (let i = 0; i < target.length; i++) {
    target[i] = Math.exp(logits[i]! - most);
    sum += target[i]!;
  }
  for (let i = 0; i < target.length; i++) target[i]! /= sum;
}
