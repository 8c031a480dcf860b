import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatMetric } from './progress-bar.js';

export interface EvaluationReport {
  readonly model: string;
  readonly revision: string;
  readonly data: string;
  readonly examples: number;
  readonly metrics: Readonly<Record<string, number>>;
  readonly records: readonly unknown[];
  readonly answers: readonly unknown[];
}

/** Rows of the page; the rest is in the JSON lines beside it. */
const shownRows = 500;

/**
 * Writes `evaluation.json` (the summary), `predictions.jsonl` (every record with its answer) and `index.html` (both,
 * self-contained) into `folder`.
 */
export async function writeReport(folder: string, report: EvaluationReport): Promise<void> {
  const { records, answers, ...summary } = report;
  const lines = records.map((record, i) => JSON.stringify({ ...(record as object), prediction: answers[i] }));
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'evaluation.json'), `${JSON.stringify(summary, null, 2)}\n`);
  await writeFile(join(folder, 'predictions.jsonl'), `${lines.join('\n')}\n`);
  await writeFile(join(folder, 'index.html'), page(report));
}

function page({ model, revision, data, examples, metrics, records, answers }: EvaluationReport): string {
  const metricRows = Object.entries(metrics).map(([name, value]) => row(name, formatMetric(value)));
  const exampleRows = records
    .slice(0, shownRows)
    .map((record, i) => row(JSON.stringify(record), JSON.stringify(answers[i])));
  const rest =
    records.length > shownRows
      ? `<p>The first ${shownRows} of ${records.length}; all are in predictions.jsonl.</p>`
      : '';
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><title>${escapeHtml(`${model} on ${data}`)}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 2rem auto; padding: 0 1rem; color-scheme: light dark; }
table { border-collapse: collapse; } td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #8884; overflow-wrap: anywhere; }
</style>
<h1>${escapeHtml(model)}</h1>
<p>${escapeHtml(`${data}, ${examples} examples, revision ${revision}`)}</p>
<table><tr><th>metric<th>value</tr>${metricRows.join('')}</table>
<h2>Answers</h2>${rest}
<table><tr><th>record<th>answer</tr>${exampleRows.join('')}</table>
</html>
`;
}

const row = (left: string, right: string): string => `<tr><td>${escapeHtml(left)}<td>${escapeHtml(right)}</tr>`;

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}
