import { createContext, runInContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { renderReport } from './report.js';
import { describeMachine, type RunRecord } from './run-record.js';

const record: RunRecord = {
  status: 'finished',
  startedAt: '2024-01-01T00:00:00.000Z',
  updatedAt: '2024-01-01T00:01:00.000Z',
  step: 20,
  totalSteps: 20,
  best: { step: 10, metrics: { accuracy: 0.8, loss: 0.5 } },
  seed: 1,
  config: { note: '</script><script>alert(1)</script>' },
  configDigest: 'd',
  machine: describeMachine(),
  timings: { trainingSeconds: 60, tokens: 600, tokensPerSecond: 10, peakMemoryBytes: 2 ** 28 },
  curve: [
    { type: 'step', step: 5, totalSteps: 20, epoch: 0, loss: 1, learningRate: 0.1, tokensPerSecond: 10 },
    { type: 'evaluation', step: 10, split: 'validation', metrics: { accuracy: 0.8, loss: 0.5 }, best: true },
    { type: 'step', step: 15, totalSteps: 20, epoch: 1, loss: 0.4, learningRate: 0.05, tokensPerSecond: 10 },
    { type: 'evaluation', step: 20, split: 'validation', metrics: { accuracy: 0.7, loss: 0.6 }, best: false },
  ],
};

/** Runs the page's own script against a stand-in for the chart library; returns what it was asked to draw. */
function drawn(html: string): { title: string; labels: string[]; data: (number | null)[][] }[] {
  const scripts = [...html.matchAll(/<script>([\s\S]*?)<\/script>/g)].map((match) => match[1]!);
  const charts: { title: string; labels: string[]; data: (number | null)[][] }[] = [];
  class uPlot {
    constructor(options: { title: string; series: { label: string }[] }, data: (number | null)[][]) {
      charts.push({ title: options.title, labels: options.series.map(({ label }) => label), data });
    }
  }
  const document = { body: { clientWidth: 900 }, getElementById: () => ({}) };
  runInContext(scripts.at(-1)!, createContext({ uPlot, document }));
  return JSON.parse(JSON.stringify(charts));
}

describe('the report of a run', () => {
  it('draws loss, metrics and learning rate over the steps they were taken at', () => {
    expect(drawn(renderReport(record, 'run'))).toEqual([
      {
        title: 'Loss',
        labels: ['step', 'training', 'validation'],
        data: [
          [5, 10, 15, 20],
          [1, null, 0.4, null],
          [null, 0.5, null, 0.6],
        ],
      },
      {
        title: 'Validation metrics',
        labels: ['step', 'accuracy'],
        data: [
          [5, 10, 15, 20],
          [null, 0.8, null, 0.7],
        ],
      },
      {
        title: 'Learning rate',
        labels: ['step', 'learning rate'],
        data: [
          [5, 10, 15, 20],
          [0.1, null, 0.05, null],
        ],
      },
    ]);
  });

  it('tables the evaluations and marks the best', () => {
    const html = renderReport(record, 'run');
    expect(html).toContain('<tr><th>step</th><th>accuracy</th><th>loss</th></tr>');
    expect(html).toContain('<tr class="best"><td>10</td><td>0.8000</td><td>0.5000</td></tr>');
    expect(html).toContain('<tr><td>20</td><td>0.7000</td><td>0.6000</td></tr>');
  });

  it('lets no text of the run become markup', () => {
    const html = renderReport({ ...record, reason: '<img src=x>' }, '<title>');
    expect(html).not.toContain('alert(1)</script>');
    expect(html).not.toContain('<img');
    expect(html).not.toContain('<title><title>');
  });

  it('draws what there is when nothing was validated', () => {
    const steps = record.curve.filter(({ type }) => type === 'step');
    const html = renderReport({ ...record, curve: steps }, 'run');
    expect(drawn(html).map(({ title, labels }) => [title, ...labels])).toEqual([
      ['Loss', 'step', 'training'],
      ['Learning rate', 'step', 'learning rate'],
    ]);
    expect(html).toContain('no validation data');
  });
});
