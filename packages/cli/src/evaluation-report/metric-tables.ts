import { formatMetric } from '../progress-bar.js';
import type { CountTable, GroupReport } from './group-report.js';

/**
 * Metrics as tables: those of everything, and one that sets groups side by side (`fineF1`, `f1/fine`), with groups as
 * rows. Scores of single labels are left to the groups' own tables, where they stand with their counts.
 */
export function metricTables(metrics: Readonly<Record<string, number>>, groups: readonly GroupReport[]): CountTable[] {
  const names = groups.flatMap(({ group }) => group ?? []);
  const counted = new Set(
    groups.flatMap(({ tables }) =>
      tables.filter(({ name }) => name === 'labels').flatMap(({ rows }) => rows.map(([label]) => label)),
    ),
  );
  const overall: [string, string][] = [];
  const byGroup = new Map<string, Map<string, number>>();
  for (const [name, value] of Object.entries(metrics)) {
    const [metric, group] = placeOf(name, names);
    if (group === undefined) overall.push([metric, formatMetric(value)]);
    else if (!counted.has(group)) byGroup.set(group, (byGroup.get(group) ?? new Map()).set(metric, value));
  }
  const columns = [...new Set([...byGroup.values()].flatMap((of) => [...of.keys()]))];
  const rows = Array.from(byGroup, ([group, of]) => [
    group,
    ...columns.map((metric) => (of.has(metric) ? formatMetric(of.get(metric)!) : '')),
  ]);
  return [
    { name: 'metrics', title: 'Metrics', columns: ['metric', 'value'], rows: overall },
    { name: 'metricsByGroup', title: 'By part', columns: ['', ...columns], rows },
  ].filter(({ rows }) => rows.length > 0);
}

/** `fineOovRecall` → `oovRecall` of `fine`; `f1/PER` → `f1` of `PER`. */
function placeOf(name: string, groups: readonly string[]): readonly [metric: string, group?: string] {
  const slash = name.indexOf('/');
  if (slash > 0) return [name.slice(0, slash), name.slice(slash + 1)];
  const group = groups.find((prefix) => name.startsWith(prefix) && /^[A-Z]/.test(name.slice(prefix.length)));
  if (group === undefined) return [name];
  const metric = name.slice(group.length);
  return [metric[0]!.toLowerCase() + metric.slice(1), group];
}
