import { describe, expect, it } from 'vitest';
import type { GroupReport } from './group-report.js';
import { metricTables } from './metric-tables.js';

const group = (name: string, labels: readonly string[] = []): GroupReport => ({
  group: name,
  kind: 'spans',
  cases: 1,
  mistaken: 0,
  tables: [{ name: 'labels', title: '', columns: ['label'], rows: labels.map((label) => [label]) }],
  worst: [],
});

describe('metrics', () => {
  it('of groups stand side by side, whether the name comes before or behind', () => {
    const metrics = { f1: 0.5, fineF1: 0.25, fineOovRecall: 1, coarseF1: 0.75, 'f1/PER': 0.1, finest: 2 };
    expect(metricTables(metrics, [group('fine'), group('coarse')])).toMatchObject([
      {
        name: 'metrics',
        rows: [
          ['f1', '0.5000'],
          ['finest', '2'],
        ],
      },
      {
        name: 'metricsByGroup',
        columns: ['', 'f1', 'oovRecall'],
        rows: [
          ['fine', '0.2500', '1'],
          ['coarse', '0.7500', ''],
          ['PER', '0.1000', ''],
        ],
      },
    ]);
  });

  it('of labels are left to the table that counts them', () => {
    const tables = metricTables({ f1: 0.5, 'f1/PER': 0.1 }, [group('x', ['PER'])]);
    expect(tables.map(({ name, rows }) => [name, rows])).toEqual([['metrics', [['f1', '0.5000']]]]);
  });

  it('without groups are one table', () => {
    expect(metricTables({ accuracy: 0.75 }, [])).toMatchObject([{ name: 'metrics', rows: [['accuracy', '0.7500']] }]);
  });
});
