import type { Metrics } from '@zooid/common';
import type { LabelScore } from './task-shapes.js';

/**
 * Labelled records, answered and scored.
 *
 * Where a record is scored for several things (granularities, types), a metric of one of them carries its name, as
 * `fineF1` or as `f1/fine`; reports set such metrics side by side when the cases have groups of those names.
 */
export interface Evaluation<Output = unknown> {
  /** One per record, in order. */
  readonly answers: readonly Output[];
  readonly metrics: Metrics;
  /**
   * What was expected of each record beside what was answered, for a report to show mistakes and count confusions. Made
   * anew at each call and read one by one, so that a large data file takes no more memory for it. Cases come in any
   * order, right ones too, and are plain JSON. Absent: a report shows the answers as they are.
   */
  cases?(): Iterable<EvaluationCase>;
}

/** One record, or one of the things that a record is scored for. */
export type EvaluationCase = SegmentsCase | SpansCase | LabelsCase;

/** The text is cut into segments: words, or sentences. */
export interface SegmentsCase extends CaseOfRecord {
  readonly kind: 'segments';
  /** In text order, not overlapping; white space between them may be left out. */
  readonly expected: readonly Segment[];
  readonly answered: readonly Segment[];
}

/** Stretches of the text have labels: entities, slots. */
export interface SpansCase extends CaseOfRecord {
  readonly kind: 'spans';
  /** In text order; may overlap. */
  readonly expected: readonly LabelledSpan[];
  readonly answered: readonly LabelledSpan[];
}

/** The text as a whole has labels. */
export interface LabelsCase extends CaseOfRecord {
  readonly kind: 'labels';
  /** One, or any number where the task is multi-label. */
  readonly expected: readonly string[];
  /** Those that the model decided on, with its probabilities. */
  readonly answered: readonly LabelScore[];
}

interface CaseOfRecord {
  /** Of the record, from 0. */
  readonly index: number;
  /**
   * Which of the things that records are scored for: `fine`, `slots`. Cases of a group are of one kind and are shown
   * together. Default: the records are scored for one thing.
   */
  readonly group?: string;
  /** What was asked, in full. A pair is joined by a line break. */
  readonly text: string;
  /**
   * From 0, nothing is right, to 1; of the cases with mistakes those with the lowest are shown. Default: F1 of segments,
   * spans or labels (a right one agrees in all that it has); where one label was expected and another answered, one
   * minus the probability of that, so that the surest mistakes come first.
   */
  readonly score?: number;
}

/** `[start, end)` in UTF-16 units of the text. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  /** What the segment ends with, where that is decided too: the mark after a sentence. */
  readonly label?: string;
  /** Of expected words: the training texts did not have it. Default: false, or not known. */
  readonly unknown?: boolean;
}

/** `[start, end)` in UTF-16 units of the text. */
export interface LabelledSpan {
  readonly start: number;
  readonly end: number;
  readonly label: string;
}
