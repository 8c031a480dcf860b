import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { TrainEvent } from '@zooid/common';
import type { RunRecord } from './run-record.js';

/** One chart: shared x values and any number of named lines; `null` is a gap. */
interface Chart {
  readonly title: string;
  readonly lines: readonly string[];
  readonly data: readonly (readonly (number | null)[])[];
}

/**
 * `report.html`: curves of loss, learning rate and every validation metric, and a table of evaluations. One file
 * with the chart library inside; it opens without a network.
 */
export function renderReport(record: RunRecord, title: string): string {
  const evaluations = record.curve.filter((event) => event.type === 'evaluation');
  const dist = dirname(createRequire(import.meta.url).resolve('uplot'));
  const script = readFileSync(join(dist, 'uPlot.iife.min.js'), 'utf8');
  const style = readFileSync(join(dist, 'uPlot.min.css'), 'utf8');
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escapeHtml(title)}</title>
<style>${style}
body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}
table{border-collapse:collapse;margin:1rem 0}td,th{border-bottom:1px solid #ddd;padding:.25rem .75rem;text-align:right}
td:first-child,th:first-child{text-align:left}tr.best{background:#eef7ee;font-weight:600}pre{background:#f6f6f6;padding:1rem;overflow:auto}
</style></head><body>
<h1>${escapeHtml(title)}</h1>
${facts(record)}
<div id="charts"></div>
<h2>Evaluations</h2>
${evaluationTable(evaluations, record.best?.step)}
<h2>Configuration</h2>
<pre>${escapeHtml(JSON.stringify(record.config, null, 2))}</pre>
<script>${script}</script>
<script>
const charts = ${scriptJson(charts(record.curve))};
const colors = ['#1f6fb2', '#c8502d', '#3a8f4a', '#8a4fbf', '#b08a1e', '#444'];
for (const { title, lines, data } of charts) {
  new uPlot({
    title, width: Math.min(900, document.body.clientWidth), height: 260, scales: { x: { time: false } },
    series: [{ label: 'step' }, ...lines.map((label, i) => ({ label, stroke: colors[i % colors.length], spanGaps: true }))],
  }, data, document.getElementById('charts'));
}
</script></body></html>
`;
}

function facts(record: RunRecord): string {
  const { timings, machine } = record;
  const rows: readonly (readonly [string, string])[] = [
    ['Status', record.reason === undefined ? record.status : `${record.status}: ${record.reason}`],
    ['Steps', `${record.step} of ${record.totalSteps}`],
    ...(record.best === undefined ? [] : [['Best step', String(record.best.step)] as const]),
    ['Seed', String(record.seed)],
    ['Training time', `${timings.trainingSeconds.toFixed(1)} s, ${Math.round(timings.tokensPerSecond)} tokens/s`],
    ['Peak memory', `${Math.round(timings.peakMemoryBytes / 2 ** 20)} MiB`],
    ['Machine', `${machine.cpu}, ${machine.cores} cores, ${machine.platform}, Node ${machine.node}`],
  ];
  return `<table>${rows.map(([name, value]) => `<tr><th>${name}</th><td>${escapeHtml(value)}</td></tr>`).join('')}</table>`;
}

function charts(curve: readonly TrainEvent[]): Chart[] {
  const steps = curve.filter((event) => event.type === 'step');
  const evaluations = curve.filter((event) => event.type === 'evaluation');
  const xs = [...new Set(curve.map(({ step }) => step))].sort((a, b) => a - b);
  const aligned = (points: readonly { readonly step: number; readonly value: number | undefined }[]) => {
    const byStep = new Map(points.map(({ step, value }) => [step, value]));
    return xs.map((x) => byStep.get(x) ?? null);
  };
  const line = (name: 'loss' | 'learningRate') =>
    aligned(steps.map((event) => ({ step: event.step, value: event[name] })));
  const metric = (name: string) => aligned(evaluations.map(({ step, metrics }) => ({ step, value: metrics[name] })));

  const names = [...new Set(evaluations.flatMap(({ metrics }) => Object.keys(metrics)))].filter(
    (name) => name !== 'loss',
  );
  const hasLoss = evaluations.some(({ metrics }) => 'loss' in metrics);
  return [
    {
      title: 'Loss',
      lines: ['training', ...(hasLoss ? ['validation'] : [])],
      data: [xs, line('loss'), ...(hasLoss ? [metric('loss')] : [])],
    },
    ...(names.length === 0 ? [] : [{ title: 'Validation metrics', lines: names, data: [xs, ...names.map(metric)] }]),
    { title: 'Learning rate', lines: ['learning rate'], data: [xs, line('learningRate')] },
  ];
}

function evaluationTable(
  evaluations: readonly Extract<TrainEvent, { type: 'evaluation' }>[],
  best: number | undefined,
): string {
  if (evaluations.length === 0) return '<p>None: the run had no validation data.</p>';
  const names = [...new Set(evaluations.flatMap(({ metrics }) => Object.keys(metrics)))];
  const head = ['step', ...names].map((name) => `<th>${escapeHtml(name)}</th>`).join('');
  const body = evaluations.map(({ step, metrics }) => {
    const cells = names.map((name) => `<td>${metrics[name]?.toFixed(4) ?? ''}</td>`).join('');
    return `<tr${step === best ? ' class="best"' : ''}><td>${step}</td>${cells}</tr>`;
  });
  return `<table><tr>${head}</tr>${body.join('')}</table>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** JSON that is safe inside a script element: `</script>` and line separators cannot end it. */
function scriptJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
