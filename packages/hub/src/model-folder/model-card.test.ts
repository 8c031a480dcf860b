import { describe, expect, it } from 'vitest';
import { modelCard } from './model-card.js';

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
