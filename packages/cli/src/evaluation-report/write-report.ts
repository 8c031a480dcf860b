import type { Evaluation } from '@zooid/spec';
import { readVersion } from '../version.js';
import type { EvaluationReport } from './evaluation-report.js';
import { shortened } from './excerpt.js';
import { page } from './page.js';
import type { ReportFolder } from './report-folder.js';
import { summariseCases } from './summarise-cases.js';

/** An evaluation with what it was made of. */
export interface EvaluatedData extends Pick<EvaluationReport, 'model' | 'revision' | 'app' | 'data' | 'dataSha256'> {
  readonly evaluation: Evaluation;
  readonly records: readonly unknown[];
  /** File and line of each record. */
  readonly origins: readonly string[];
  readonly date: Date;
}

const shownAnswers = 100;
const longestJson = 2000;

/**
 * Writes a report: `index.html`, the same as `report.json`, and every record with its answer as `predictions.jsonl`. All
 * but the last are of bounded size, however much data there is.
 */
export async function writeReport(folder: ReportFolder, evaluated: EvaluatedData): Promise<void> {
  const report = reportOf(evaluated);
  await folder.write({
    page: page(report),
    summary: `${JSON.stringify(report)}\n`,
    predictions: predictionLines(evaluated),
  });
}

/** What the page and `report.json` show. */
export function reportOf({ evaluation, records, origins, date, ...source }: EvaluatedData): EvaluationReport {
  const { answers, metrics } = evaluation;
  const groups = evaluation.cases === undefined ? [] : summariseCases(evaluation.cases(), origins);
  const first = records.slice(0, shownAnswers).map((record, i) => ({
    origin: origins[i]!,
    record: shortened(JSON.stringify(record), longestJson),
    answer: shortened(JSON.stringify(answers[i]) ?? '', longestJson),
  }));
  return {
    format: 1,
    ...source,
    examples: records.length,
    date: date.toISOString(),
    versions: { zooid: readVersion(), node: process.versions.node },
    metrics,
    groups,
    ...(groups.length === 0 && { answers: first }),
  };
}

function* predictionLines({ records, evaluation: { answers } }: EvaluatedData): Generator<string> {
  for (const [i, record] of records.entries()) {
    yield `${JSON.stringify({ ...(record as object), prediction: answers[i] })}\n`;
  }
}
