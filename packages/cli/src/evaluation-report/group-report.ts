import type { EvaluationCase } from '@zooid/spec';

/** The cases of one group, boiled down to what fits on a page. Plain JSON, as it stands in `report.json`. */
export interface GroupReport {
  /** Absent where records are scored for one thing. */
  readonly group?: string;
  readonly kind: EvaluationCase['kind'];
  readonly cases: number;
  /** Cases with a mistake. */
  readonly mistaken: number;
  readonly tables: readonly CountTable[];
  readonly confusions?: Confusions;
  /** The lowest scores first. */
  readonly worst: readonly ShownCase[];
}

export interface CountTable {
  readonly name: string;
  readonly title: string;
  readonly note?: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** `counts[i][k]`: how often `answered[k]` was the answer where `expected[i]` was expected. */
export interface Confusions {
  readonly expected: readonly string[];
  readonly answered: readonly string[];
  readonly counts: readonly (readonly number[])[];
  /** Labels that are left out, because they are confused least. */
  readonly omitted: number;
}

export interface ShownCase {
  /** Of the record, from 0. */
  readonly index: number;
  /** File and line. */
  readonly origin: string;
  readonly score: number;
  /** Expected ones that were not answered, and answered ones that were not expected. */
  readonly mistakes: number;
  /** Part of what was asked, where the sides do not tell. */
  readonly text?: string;
  readonly expected: readonly Piece[];
  readonly answered: readonly Piece[];
}

/** A stretch of a text with what was said about it, or a label. */
export interface Piece {
  readonly text: string;
  /** Absent: nothing is said about the stretch. */
  readonly right?: boolean;
  readonly label?: string;
  /** Probability of a label. */
  readonly score?: number;
  readonly unknown?: boolean;
  /** Of segments: the other side has no end here. */
  readonly wrongEnd?: boolean;
  /** Overlaps one that is shown in the text. */
  readonly aside?: boolean;
}

/** How far an answer agrees with what was expected. */
export interface Agreement {
  readonly expected: number;
  readonly answered: number;
  readonly right: number;
}

/** Counts the cases of one kind. */
export interface Summary<Case extends EvaluationCase = EvaluationCase> {
  /** Takes a case into account. */
  add(found: Case): Agreement;
  /** The two sides of a case, long texts cut to where the first mistake is. */
  show(found: Case): Pick<ShownCase, 'text' | 'expected' | 'answered'>;
  report(): Pick<GroupReport, 'tables' | 'confusions'>;
}
