import { createHash } from 'node:crypto';
import { casesOf } from './case-markup.js';
import type { EvaluationReport } from './evaluation-report.js';
import type { Confusions, CountTable, GroupReport } from './group-report.js';
import { type Html, html } from './html.js';
import { metricTables } from './metric-tables.js';
import { style } from './style.js';

/** Stands in every page that `page` makes, and in no other file that may be called `index.html`. */
export const generatorMark = '<meta name="generator" content="zooid evaluate">';

/**
 * A report as one file that shows itself without scripts and loads nothing; its policy lets nothing but its own style
 * apply, whatever finds its way into it.
 */
export function page(report: EvaluationReport): string {
  const { model, data, metrics, groups, answers = [] } = report;
  const policy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'`;
  const body = html`<h1>${model}</h1>
${facts(report)}
<div class="tables">${metricTables(metrics, groups).map((table) => tableOf(table))}</div>
${groups.map(groupSection)}
${answers.length === 0 ? undefined : answerTable(answers, report.examples)}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
${generatorMark}
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${html`${model} on ${data}`.markup}</title>
<style>${style}</style>
</head>
<body>
${body.markup}
</body>
</html>
`;
}

function facts({ revision, app, data, dataSha256, examples, date, versions }: EvaluationReport): Html {
  const rows = [
    ['revision', revision],
    ['app', app],
    ['data', data],
    ['sha256 of the data', dataSha256],
    ['examples', String(examples)],
    ['date', date],
    [
      'versions',
      Object.entries(versions)
        .map(([name, version]) => `${name} ${version}`)
        .join(', '),
    ],
  ] as const;
  return html`<dl>${rows.map(([name, value]) => html`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}

function groupSection(report: GroupReport): Html {
  const { group, kind, cases, mistaken, tables, confusions } = report;
  const share = cases === 0 ? '' : ` (${((100 * mistaken) / cases).toFixed(1)} %)`;
  return html`
<h2>${group ?? headings[kind]}</h2>
<p>${mistaken} of ${cases}${share} have a mistake.</p>
<div class="tables">${tables.map((table) => tableOf(table))}</div>
${confusions === undefined ? undefined : matrixOf(confusions)}
${casesOf(report)}`;
}

const headings: Readonly<Record<GroupReport['kind'], string>> = {
  segments: 'Segments',
  spans: 'Spans',
  labels: 'Labels',
};

function tableOf({ title, note, columns, rows }: CountTable): Html {
  const isNumber = columns.map((_, column) => rows.every((row) => /^-?[\d.]*$/.test(String(row[column]))));
  const isFraction = columns.map((_, column) =>
    rows.some(({ [column]: value }) => typeof value === 'number' && !Number.isInteger(value)),
  );
  const cell = (name: 'td' | 'th', value: string | number, column: number) => {
    const shown = typeof value === 'number' && isFraction[column] ? value.toFixed(4) : value;
    const align = isNumber[column] ? classN : undefined;
    return name === 'th' ? html`<th${align}>${shown}</th>` : html`<td${align}>${shown}</td>`;
  };
  return html`<section><h3>${title}</h3>${note === undefined ? undefined : html`<p class="dim">${note}</p>`}
<div class="scroll tall"><table><thead><tr>${columns.map((name, i) => cell('th', name, i))}</tr></thead>
<tbody>${rows.map((row) => html`<tr>${row.map((value, i) => cell('td', value, i))}</tr>`)}</tbody></table></div></section>`;
}

const classN = html` class="n"`;

function matrixOf({ expected, answered, counts, omitted }: Confusions): Html {
  const isRight = (row: number, column: number) => row === column && expected[row] === answered[column];
  const most = Math.max(1, ...counts.flatMap((row, i) => row.filter((_, k) => !isRight(i, k))));
  const cell = (count: number, row: number, column: number) => {
    if (count === 0) return html`<td></td>`;
    if (isRight(row, column)) return html`<td class="d">${count}</td>`;
    return html`<td class="h${Math.min(4, Math.ceil((4 * count) / most))}">${count}</td>`;
  };
  const note = omitted === 0 ? undefined : html` The ${omitted} labels that are confused least are left out.`;
  return html`<h3>Confusions</h3><p class="dim">Rows were expected, columns answered.${note}</p>
<div class="scroll"><table class="matrix"><thead><tr><th></th>${answered.map((name) => html`<th>${name}</th>`)}</tr></thead>
<tbody>${expected.map((name, i) => html`<tr><th>${name}</th>${counts[i]!.map((count, k) => cell(count, i, k))}</tr>`)}</tbody></table></div>`;
}

function answerTable(answers: NonNullable<EvaluationReport['answers']>, examples: number): Html {
  return html`<h2>Answers</h2>
<p class="dim">The app does not tell right from wrong case by case. ${answers.length} of ${examples}; all are in predictions.jsonl.</p>
<div class="scroll"><table><thead><tr><th>from</th><th>record</th><th>answer</th></tr></thead>
<tbody>${answers.map(({ origin, record, answer }) => html`<tr><td>${origin}</td><td><pre>${record}</pre></td><td><pre>${answer}</pre></td></tr>`)}</tbody></table></div>`;
}
