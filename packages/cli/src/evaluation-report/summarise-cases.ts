import type { EvaluationCase } from '@zooid/spec';
import { EvaluationCaseError } from '../errors.js';
import type { Agreement, GroupReport, Summary } from './group-report.js';
import { LabelsSummary } from './labels-summary.js';
import { SegmentsSummary } from './segments-summary.js';
import { SpansSummary } from './spans-summary.js';
import { WorstCases } from './worst-cases.js';

/** Cases that a page shows, of all groups together, but of each group at least `fewest`. */
const mostShown = 100;
const fewest = 10;

/** Boils cases down to a report of each group, in the order of their first cases; reads them once, and keeps few. */
export function summariseCases(cases: Iterable<EvaluationCase>, origins: readonly string[]): GroupReport[] {
  const groups = new Map<string | undefined, Group>();
  for (const found of cases) {
    let group = groups.get(found.group);
    if (group === undefined) {
      group = new Group(found, origins);
      groups.set(found.group, group);
    }
    group.add(found);
  }
  const shown = Math.max(fewest, Math.floor(mostShown / groups.size));
  return Array.from(groups.values(), (group) => group.report(shown));
}

class Group {
  private readonly name: string | undefined;
  private readonly kind: EvaluationCase['kind'];
  private readonly summary: Summary;
  private readonly worst = new WorstCases(mostShown);
  private cases = 0;
  private mistaken = 0;

  constructor(
    { group, kind }: EvaluationCase,
    private readonly origins: readonly string[],
  ) {
    this.name = group;
    this.kind = kind;
    this.summary = summaryOf(kind);
  }

  add(found: EvaluationCase): void {
    if (found.kind !== this.kind) {
      const name = this.name === undefined ? 'cases without a group' : `cases of group '${this.name}'`;
      throw new EvaluationCaseError(`${name} must be of one kind, but are ${this.kind} and ${found.kind}`);
    }
    const agreement = this.summary.add(found);
    this.cases++;
    const mistakes = agreement.expected + agreement.answered - 2 * agreement.right;
    if (mistakes === 0) return;
    this.mistaken++;
    const { index } = found;
    const rank = { index, score: scoreOf(found, agreement), mistakes };
    this.worst.offer(rank, () => ({ origin: this.origins[index] ?? `${index}`, ...this.summary.show(found) }));
  }

  report(shown: number): GroupReport {
    return {
      ...(this.name !== undefined && { group: this.name }),
      kind: this.kind,
      cases: this.cases,
      mistaken: this.mistaken,
      ...this.summary.report(),
      worst: this.worst.list(shown),
    };
  }
}

function summaryOf(kind: EvaluationCase['kind']): Summary {
  switch (kind) {
    case 'segments':
      return new SegmentsSummary() as Summary;
    case 'spans':
      return new SpansSummary() as Summary;
    case 'labels':
      return new LabelsSummary() as Summary;
  }
}

/** As `EvaluationCase.score` says. */
function scoreOf(found: EvaluationCase, { expected, answered, right }: Agreement): number {
  const given = found.score ?? sureMistake(found) ?? (2 * right) / (expected + answered);
  return Number(Math.min(1, Math.max(0, given)).toFixed(4));
}

function sureMistake(found: EvaluationCase): number | undefined {
  if (found.kind !== 'labels' || found.expected.length !== 1 || found.answered.length !== 1) return undefined;
  return 1 - found.answered[0]!.score;
}
