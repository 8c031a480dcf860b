import type { EvaluationCase, LabelsCase, SegmentsCase, SpansCase } from '@zooid/spec';
import { describe, expect, it } from 'vitest';
import { summariseCases } from './summarise-cases.js';

const origins = Array.from({ length: 1000 }, (_, i) => `gold.jsonl:${i + 1}`);
const tableOf = (cases: Iterable<EvaluationCase>, name: string) =>
  summariseCases(cases, origins)[0]!.tables.find((table) => table.name === name);

/** `移动互联网|公司`, with unknown words in brackets and labels after a slash. */
function segments(index: number, expected: string, answered: string, more: Partial<SegmentsCase> = {}): SegmentsCase {
  const side = (marked: string) => {
    let at = 0;
    return marked.split('|').map((part) => {
      const [, open, word, label] = /^(\[?)([^\]/]+)\]?(?:\/(.+))?$/.exec(part)!;
      const start = at;
      at += word!.length;
      return { start, end: at, ...(open !== '' && { unknown: true }), ...(label !== undefined && { label }) };
    });
  };
  const text = expected.replaceAll(/[[\]|]|\/[^|]+/g, '');
  return { kind: 'segments', index, text, expected: side(expected), answered: side(answered), ...more };
}

/** `[PER:小明]去[LOC:北京]`. */
function spans(index: number, expected: string, answered: string): SpansCase {
  const side = (marked: string) => {
    const found: { start: number; end: number; label: string }[] = [];
    let text = '';
    for (const part of marked.split(/(\[[^\]]+\])/)) {
      const [, label, inner] = /^\[(\w+):(.*)\]$/.exec(part) ?? [];
      if (inner !== undefined) found.push({ start: text.length, end: text.length + inner.length, label: label! });
      text += inner ?? part;
    }
    return { found, text };
  };
  return {
    kind: 'spans',
    index,
    text: side(expected).text,
    expected: side(expected).found,
    answered: side(answered).found,
  };
}

const labels = (index: number, expected: string[], answered: [string, number][], score?: number): LabelsCase => ({
  kind: 'labels',
  index,
  text: `text ${index}`,
  expected,
  answered: answered.map(([label, probability]) => ({ label, score: probability })),
  ...(score !== undefined && { score }),
});

describe('the summary of words', () => {
  const cases = [
    segments(0, '移动互联网|公司', '移动|互联网|公司'),
    segments(1, '移动互联网|好', '移动|互联网|好'),
    segments(2, '总|面积|大', '总面积|大'),
    segments(3, '黄土|沟', '黄|土沟'),
    segments(4, '[反潜]|舰', '反|潜|舰'),
    segments(5, '[好人]|来', '好人|来'),
  ];

  it('counts what is split, joined and cut elsewhere, and unknown words that are missed', () => {
    expect(tableOf(cases, 'split')!.rows).toEqual([
      ['移动互联网', '移动 | 互联网', 2],
      ['反潜', '反 | 潜', 1],
    ]);
    expect(tableOf(cases, 'joined')!.rows).toEqual([['总 | 面积', '总面积', 1]]);
    expect(tableOf(cases, 'recut')!.rows).toEqual([['黄土 | 沟', '黄 | 土沟', 1]]);
    expect(tableOf(cases, 'unknownMissed')).toMatchObject({ note: '1 of 2 are missed.', rows: [['反潜', 1]] });
  });

  it('shows the worst first, right and wrong words told apart, and leaves out what is right', () => {
    const [report] = summariseCases(cases, origins);
    expect(report).toMatchObject({ kind: 'segments', cases: 6, mistaken: 5 });
    expect(report!.worst.map(({ index, score, mistakes }) => [index, score, mistakes])).toEqual([
      [3, 0, 4],
      [0, 0.4, 3],
      [1, 0.4, 3],
      [2, 0.4, 3],
      [4, 0.4, 3],
    ]);
    expect(report!.worst[4]).toMatchObject({
      origin: 'gold.jsonl:5',
      expected: [
        { text: '反潜', right: false, unknown: true },
        { text: '舰', right: true },
      ],
      answered: [
        { text: '反', right: false, wrongEnd: true },
        { text: '潜', right: false },
        { text: '舰', right: true },
      ],
    });
  });

  it('keeps granularities apart', () => {
    const reports = summariseCases(
      [
        segments(0, 'ab', 'a|b', { group: 'fine' }),
        segments(0, 'ab', 'ab', { group: 'coarse' }),
        segments(1, 'a|b', 'a|b', { group: 'fine' }),
      ],
      origins,
    );
    expect(reports.map(({ group, cases, mistaken }) => [group, cases, mistaken])).toEqual([
      ['fine', 2, 1],
      ['coarse', 1, 0],
    ]);
    const clash: EvaluationCase[] = [segments(0, 'a', 'a'), labels(1, ['x'], [['x', 1]])];
    expect(() => summariseCases(clash, origins)).toThrow(
      'cases without a group must be of one kind, but are segments and labels',
    );
  });
});

describe('the summary of sentences', () => {
  const cases = [
    segments(0, '今天天气怎么样啊/？|帮我打开空调吧/。', '今天天气怎么样啊/，|帮我打开空调吧/。'),
    segments(1, '你今天吃饭了吗/？|帮我打开电视机/。', '你今天吃饭了吗帮我打开电视机/。'),
    segments(2, '我想要听一首歌曲吧/。', '我想要听/，|一首歌曲吧/。'),
  ];

  it('says what stands around ends that are missed or added', () => {
    expect(tableOf(cases, 'endsMissed')!.rows).toEqual([['了吗 | 帮我', 1]]);
    expect(tableOf(cases, 'endsAdded')!.rows).toEqual([['要听 | 一首', 1]]);
    expect(tableOf(cases, 'split')).toBeUndefined();
  });

  it('scores the marks, and says which was taken for which', () => {
    const [{ confusions, tables }] = summariseCases(cases, origins) as [ReturnType<typeof summariseCases>[number]];
    expect(tables.find(({ name }) => name === 'ends')!.rows).toEqual([
      ['。', 3, 3, 1, 1, 1],
      ['？', 2, 0, 0, 0, 0],
      ['，', 0, 2, 0, 0, 0],
    ]);
    expect(confusions).toEqual({
      expected: ['。', '？', '，', '(no end)'],
      answered: ['。', '？', '，', '(no end)'],
      counts: [
        [3, 0, 0, 0],
        [0, 0, 1, 1],
        [0, 0, 0, 0],
        [0, 0, 1, 0],
      ],
      omitted: 0,
    });
  });
});

describe('the summary of spans', () => {
  const cases = [
    spans(0, '[PER:小明]去[LOC:北京]', '[PER:小明]去[LOC:北京]'),
    spans(1, '[PER:小明]去[LOC:北京]了', '[PER:小明]去[ORG:北京]了'),
    spans(2, '在[LOC:北京市]和上海', '在[LOC:北京]市和[LOC:上海]'),
    spans(3, '[PER:小明]在家', '小明在家'),
    spans(4, '没有', '没有'),
  ];

  it('gives precision, recall and F1 of every type', () => {
    expect(tableOf(cases, 'labels')!.rows).toEqual([
      ['LOC', 3, 3, 0.3333, 0.3333, 0.3333],
      ['PER', 3, 2, 1, 0.6667, 0.8],
      ['ORG', 0, 1, 0, 0, 0],
    ]);
  });

  it('says what each mistake is: another type, other ends, missed, or nothing there', () => {
    const [{ confusions }] = summariseCases(cases, origins) as [ReturnType<typeof summariseCases>[number]];
    expect(confusions).toEqual({
      expected: ['LOC', 'PER', 'ORG', '(nothing)'],
      answered: ['LOC', 'PER', 'ORG', '(other ends)', '(missed)'],
      counts: [
        [1, 0, 1, 1, 0],
        [0, 2, 0, 0, 1],
        [0, 0, 0, 0, 0],
        [1, 0, 0, 0, 0],
      ],
      omitted: 0,
    });
    expect(tableOf(cases, 'mistakes')!.rows).toEqual([
      ['北京', 'LOC', 'ORG', 1],
      ['北京市', 'LOC', '北京 LOC', 1],
      ['上海', '(nothing)', 'LOC', 1],
      ['小明', 'PER', '(missed)', 1],
    ]);
  });

  it('counts a span that is named twice once, and shows spans within others beside the text', () => {
    const text = '北京大学';
    const university = { start: 0, end: 4, label: 'ORG' };
    const city = { start: 0, end: 2, label: 'LOC' };
    const [report] = summariseCases(
      [{ kind: 'spans', index: 0, text, expected: [university, university, city], answered: [university] }],
      origins,
    );
    expect(report!.worst).toMatchObject([
      { score: 0.6667, mistakes: 1, answered: [{ text, right: true, label: 'ORG' }] },
    ]);
    expect(report!.worst[0]!.expected.at(-1)).toEqual({ text: '北京', right: false, label: 'LOC', aside: true });
  });
});

describe('the summary of labels', () => {
  it('puts the surest mistakes first, unless the app has scores of its own', () => {
    const cases = [
      labels(0, ['music'], [['chat', 0.4]]),
      labels(1, ['music'], [['music', 0.9]]),
      labels(2, ['chat'], [['music', 0.95]]),
      labels(3, ['chat'], [['music', 0.99]], 0.5),
    ];
    const [report] = summariseCases(cases, origins);
    expect(report!.worst.map(({ index, score }) => [index, score])).toEqual([
      [2, 0.05],
      [3, 0.5],
      [0, 0.6],
    ]);
    expect(report!.worst[0]).toMatchObject({
      text: 'text 2',
      expected: [{ text: 'chat', right: false }],
      answered: [{ text: 'music', right: false, score: 0.95 }],
    });
    expect(tableOf(cases, 'confusions')!.rows).toEqual([
      ['chat', 'music', 2],
      ['music', 'chat', 1],
    ]);
  });

  it('scores label sets by F1, with what is missed and what is too many', () => {
    const cases = [
      labels(0, ['war', 'sport'], [['war', 0.9]]),
      labels(1, [], [['war', 0.6]]),
      labels(2, [], []),
      labels(3, ['war'], [['war', 1]]),
    ];
    const [report] = summariseCases(cases, origins);
    expect(report!.worst.map(({ index, score }) => [index, score])).toEqual([
      [1, 0],
      [0, 0.6667],
    ]);
    expect(tableOf(cases, 'confusions')!.rows).toEqual([
      ['sport', '(missed)', 1],
      ['(nothing)', 'war', 1],
    ]);
    expect(tableOf(cases, 'labels')!.rows[0]).toEqual(['war', 2, 3, 0.6667, 1, 0.8]);
  });

  it('stays small however many records and labels there are, and keeps the labels that are confused most', () => {
    function* many(): Generator<LabelsCase> {
      for (let i = 0; i < 20_000; i++) yield labels(i, [`label ${i % 5000}`], [['x'.repeat(500), 0.5]]);
      for (let i = 0; i < 50; i++) yield labels(i, ['often'], [['label 3', 0.5]]);
    }
    const [report] = summariseCases(many(), origins);
    expect(report!.worst).toHaveLength(100);
    expect(JSON.stringify(report).length).toBeLessThan(60_000);
    expect(report!.confusions!.expected).toContain('label 3');
    expect(report!.confusions!.omitted).toBe(1977); // 2,000 are told apart, the others are one, 24 are shown
  });
});
