import { describe, expect, it } from 'vitest';
import { modelCard, withCardSection } from './model-card.js';

describe('modelCard', () => {
  it('writes front matter that the Hub reads, then the sections', () => {
    const card = modelCard({
      title: 'intent-zh-speaker',
      license: 'apache-2.0',
      languages: ['zh', 'no'],
      tags: ['intent', 'smart: speaker'],
      metrics: ['accuracy'],
      datasets: [],
      pipelineTag: 'text-classification',
      sections: [
        { heading: 'What it does', body: 'Names the intent.\n' },
        { heading: '用途', body: '识别意图。' },
      ],
    });
    expect(card).toBe(`---
license: apache-2.0
language:
  - zh
  - "no"
library_name: zooid
pipeline_tag: text-classification
tags:
  - intent
  - "smart: speaker"
metrics:
  - accuracy
---

# intent-zh-speaker

## What it does

Names the intent.

## 用途

识别意图。
`);
  });

  it.each(['1.0', 'true', 'a: b', '- x', '', 'null', '#x', 'a\nb', '2024-01-01'])(
    'quotes %j, which YAML would take for something else',
    (text) => {
      expect(modelCard({ title: 't', license: text || ' ', sections: [] })).toContain(
        `license: ${JSON.stringify(text || ' ')}\n`,
      );
    },
  );
});

describe('withCardSection', () => {
  const section = { heading: 'Variants', body: '| int8 |\n' };

  it('puts a section before the data, and renews it there', () => {
    const card = '# m\n\n## Results\n\ngood\n\n## Data\n\n- train\n';
    const first = withCardSection(card, section);
    expect(first).toBe('# m\n\n## Results\n\ngood\n\n## Variants\n\n| int8 |\n\n## Data\n\n- train\n');
    expect(withCardSection(first, section)).toBe(first);
    expect(withCardSection(first, { ...section, body: 'none' })).toBe(first.replace('| int8 |', 'none'));
  });

  it('puts it at the end of cards that others wrote, and is not led astray by code', () => {
    const card = '# m\n\n```md\n## Data\n```\n';
    expect(withCardSection(card, section)).toBe(`${card}\n## Variants\n\n| int8 |\n`);
    expect(withCardSection(withCardSection(card, section), section)).toBe(withCardSection(card, section));
  });
});
