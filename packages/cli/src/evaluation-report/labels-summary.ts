import type { LabelsCase } from '@zooid/spec';
import { excerptAround, excerptOf, shortened } from './excerpt.js';
import type { Agreement, GroupReport, Piece, ShownCase, Summary } from './group-report.js';
import { LabelCounts } from './label-counts.js';

const longestLabel = 80;
const shownLabels = 20;
const missed = '(missed)';
const spurious = '(nothing)';

/** Labels of whole texts: scores by label, and what is taken for what. */
export class LabelsSummary implements Summary<LabelsCase> {
  private readonly labels = new LabelCounts({ rows: [spurious], columns: [missed] });

  add({ expected, answered }: LabelsCase): Agreement {
    const wanted = new Set(expected);
    const found = new Set(answered.map(({ label }) => label));
    for (const label of wanted) this.labels.expected(label);
    for (const label of found) this.labels.answered(label);
    const right = [...wanted].filter((label) => found.has(label));
    for (const label of right) this.labels.right(label);
    const lacking = [...wanted].filter((label) => !found.has(label));
    const extra = [...found].filter((label) => !wanted.has(label));
    if (wanted.size === 1 && found.size === 1 && right.length === 0) {
      this.labels.confused(lacking[0]!, extra[0]!);
    } else {
      // Which of several is mistaken for which nobody knows.
      for (const label of lacking) this.labels.confused(label, missed);
      for (const label of extra) this.labels.confused(spurious, label);
    }
    return { expected: wanted.size, answered: found.size, right: right.length };
  }

  show({ text, expected, answered }: LabelsCase): Required<Pick<ShownCase, 'text' | 'expected' | 'answered'>> {
    const found = new Set(answered.map(({ label }) => label));
    const piece = (label: string, right: boolean): Piece => ({ text: shortened(label, longestLabel), right });
    return {
      text: excerptOf(text, excerptAround(text, 0)),
      expected: expected.slice(0, shownLabels).map((label) => piece(label, found.has(label))),
      answered: answered
        .slice(0, shownLabels)
        .map(({ label, score }) => ({ ...piece(label, expected.includes(label)), score: Number(score.toFixed(4)) })),
    };
  }

  report(): Pick<GroupReport, 'tables' | 'confusions'> {
    const tables = [this.labels.table(), this.labels.pairTable()].filter(({ rows }) => rows.length > 0);
    return { tables, confusions: this.labels.matrix() };
  }
}
