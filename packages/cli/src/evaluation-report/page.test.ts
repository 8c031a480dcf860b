import type { EvaluationCase } from '@zooid/spec';
import { describe, expect, it } from 'vitest';
import { page } from './page.js';
import { type EvaluatedData, reportOf } from './write-report.js';

const hostile = `</style><script>alert(1)</script><img src=x onerror="alert(1)">'"&amp;\0\u202e`;

function evaluated(cases: Iterable<EvaluationCase> | undefined, about: Partial<EvaluatedData> = {}): EvaluatedData {
  return {
    model: 'segmentation-zh',
    revision: 'r1',
    app: 'segmentation',
    data: 'gold.jsonl',
    dataSha256: 'ab'.repeat(32),
    date: new Date('2026-01-02T03:04:05Z'),
    records: [{ text: '移动互联网' }],
    origins: ['gold.jsonl:1'],
    evaluation: { answers: [['移动']], metrics: { f1: 0.5 }, ...(cases !== undefined && { cases: () => cases }) },
    ...about,
  };
}

const segments = (text: string, group?: string): EvaluationCase => ({
  kind: 'segments',
  index: 0,
  text,
  ...(group !== undefined && { group }),
  expected: [{ start: 0, end: text.length, label: text, unknown: true }],
  answered: [
    { start: 0, end: 1, label: text },
    { start: 1, end: text.length, label: text },
  ],
});
const spans = (text: string, group?: string): EvaluationCase => ({
  kind: 'spans',
  index: 0,
  text,
  ...(group !== undefined && { group }),
  expected: [
    { start: 0, end: 2, label: text },
    { start: 1, end: 3, label: 'X' },
  ],
  answered: [{ start: 0, end: 2, label: 'X' }],
});
const labels = (text: string, group?: string): EvaluationCase => ({
  kind: 'labels',
  index: 0,
  text,
  ...(group !== undefined && { group }),
  expected: [text],
  answered: [{ label: `other ${text}`, score: 0.75 }],
});

/** Tags and the names of their attributes, of all that stands in the body. */
function tagsOf(markup: string): Set<string> {
  const body = markup.slice(markup.indexOf('<body>'));
  return new Set(
    Array.from(
      body.matchAll(/<\/?([a-z0-9]+)([^>]*)>/gi),
      ([, tag, rest]) => `${tag}${rest!.replaceAll(/="[^"]*"/g, '')}`,
    ),
  );
}

describe('the page', () => {
  it('says what was evaluated, and shows both sides of the mistakes', () => {
    const markup = page(reportOf(evaluated([segments('移动互联网')])));
    for (const fact of ['segmentation-zh', 'r1', 'gold.jsonl', 'ab'.repeat(32), '2026-01-02T03:04:05.000Z', '0.5000']) {
      expect(markup).toContain(fact);
    }
    expect(markup).toContain('<mark class="unknown">移动互联网<small>移动互联网</small></mark>');
    expect(markup).toContain(
      '<mark class="e">移<small>移动互联网</small></mark><mark>动互联网<small>移动互联网</small></mark>',
    );
    expect(markup).toContain('1 of 1 (100.0 %) have a mistake');
  });

  it('marks the ends of sentences rather than the sentences', () => {
    const text = '今天天气怎么样啊我想要出门走走不知道要不要带伞';
    const markup = page(
      reportOf(
        evaluated([
          {
            kind: 'segments',
            index: 0,
            text,
            expected: [
              { start: 0, end: 8 },
              { start: 8, end: text.length },
            ],
            answered: [
              { start: 0, end: 15 },
              { start: 15, end: text.length },
            ],
          },
        ]),
      ),
    );
    expect(markup).toContain(`<u class="e">${text.slice(0, 15)}</u><u>${text.slice(15)}</u>`);
  });

  it('shows types, probabilities, and how often what was taken for what', () => {
    const markup = page(reportOf(evaluated([spans('小明去', 'slot'), labels('music', 'intent')])));
    expect(markup).toContain('<h2>slot</h2>');
    expect(markup).toContain('<mark>小明<small>小明去</small></mark>');
    expect(markup).toContain('other music<small>0.75</small>');
    expect(markup).toMatch(/<table class="matrix">.*<td class="h4">1<\/td>/s);
  });

  it('shows answers where the app does not say what it expected', () => {
    const markup = page(reportOf(evaluated(undefined)));
    expect(markup).toContain('<pre>{&#34;text&#34;:&#34;移动互联网&#34;}</pre>');
    expect(markup).toContain('1 of 1; all are in predictions.jsonl');
  });

  it('holds no markup but its own, whatever stands in names, records, labels, groups and metrics', () => {
    const about = { model: hostile, revision: hostile, app: hostile, data: hostile, origins: [hostile] };
    const harmless = 'a'.repeat(hostile.length);
    const all = (text: string) => [segments(text, `s${text}`), spans(text, `p${text}`), labels(text, `l${text}`)];
    const metrics = { [hostile]: 1, [`f1/${hostile}`]: 0.5, [`s${hostile}F1`]: 0.25 };
    const good = page(reportOf(evaluated(all(harmless))));
    for (const given of [
      evaluated(all(hostile), { ...about, evaluation: { answers: [], metrics, cases: () => all(hostile) } }),
      evaluated(undefined, {
        ...about,
        records: [{ [hostile]: hostile }],
        evaluation: { answers: [hostile], metrics },
      }),
    ]) {
      const bad = page(reportOf(given));
      expect(bad).not.toMatch(/<(script|img)|\0/i);
      const known = new Set([...tagsOf(good), ...tagsOf(page(reportOf(evaluated(undefined)))), 'p class', 'small']);
      expect([...tagsOf(bad)].filter((tag) => !known.has(tag))).toEqual([]);
      expect(bad.match(/<style>/g)).toHaveLength(1);
      expect(bad.match(/<\/style>/g)).toHaveLength(1);
    }
  });

  it('needs no script and loads nothing', () => {
    const markup = page(reportOf(evaluated([segments('移动')])));
    expect(markup).toContain(`content="default-src 'none'; style-src 'sha256-`);
    expect(markup).not.toMatch(/<script|<link|<iframe|src=|href=|url\(|@import/i);
  });

  it('is of bounded size, and so is the JSON beside it', () => {
    const text = '移动互联网公司'.repeat(10_000);
    function* many(): Generator<EvaluationCase> {
      const words = Array.from(text, (_, i) => ({ start: i, end: i + 1 }));
      const expected = Array.from({ length: text.length / 2 }, (_, i) => ({ start: 2 * i, end: 2 * i + 2 }));
      for (const group of ['fine', 'coarse']) {
        yield { kind: 'segments', index: 0, group, text, expected, answered: words };
        for (let i = 0; i < 200; i++) {
          const short = { text: text.slice(0, 700), expected: expected.slice(0, 350), answered: words.slice(0, 700) };
          yield { kind: 'segments', index: 0, group, ...short };
        }
      }
    }
    const report = reportOf(evaluated(many()));
    expect(report.groups.map(({ worst }) => worst.length)).toEqual([50, 50]);
    expect(page(report).length).toBeLessThan(2_000_000);
    expect(JSON.stringify(report).length).toBeLessThan(3_000_000);
  });
});
