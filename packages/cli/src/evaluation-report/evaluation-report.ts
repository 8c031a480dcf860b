import type { GroupReport } from './group-report.js';

/** What `report.json` holds: everything that the page shows. */
export interface EvaluationReport {
  /** Of this file. */
  readonly format: 1;
  readonly model: string;
  /** Of the model's content. */
  readonly revision: string;
  readonly app: string;
  /** As it was named. */
  readonly data: string;
  /** Of the data file's content. */
  readonly dataSha256: string;
  readonly examples: number;
  /** ISO 8601. */
  readonly date: string;
  readonly versions: Readonly<Record<string, string>>;
  readonly metrics: Readonly<Record<string, number>>;
  /** Empty where the app does not say what it expected: then there are only answers. */
  readonly groups: readonly GroupReport[];
  /** Without groups: the first records and their answers, as JSON, long ones cut. */
  readonly answers?: readonly { readonly origin: string; readonly record: string; readonly answer: string }[];
}
