import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { modelCard, sha256, writeModelFolder } from '@zooid/hub';
import { gramsOf } from './grams.js';
import { weightsFile } from './profile-backend.js';
import { modelType } from './profile-config.js';

// Multinomial naive Bayes: a language's weight for a gram is the logarithm of how often it uses it.

const gramsPerLanguage = 150;
const smoothing = 0.5;

/** Writes the model folder from samples, one `{"text","label"}` a line. */
export async function makeModel(samples: string, folder: string): Promise<void> {
  const content = readFileSync(samples, 'utf8');
  const counts = new Map<string, Map<string, number>>();
  for (const line of content.trim().split('\n')) {
    const { text, label } = JSON.parse(line) as { text: string; label: string };
    const ofLanguage = counts.get(label) ?? new Map<string, number>();
    counts.set(label, ofLanguage);
    for (const gram of gramsOf(text)) ofLanguage.set(gram, (ofLanguage.get(gram) ?? 0) + 1);
  }
  const languages = [...counts.keys()].sort();
  const grams = [...new Set(languages.flatMap((language) => mostFrequent(counts.get(language)!)))].sort();
  const columns = languages.map((language) => {
    const ofLanguage = grams.map((gram) => (counts.get(language)!.get(gram) ?? 0) + smoothing);
    const total = ofLanguage.reduce((a, b) => a + b);
    return ofLanguage.map((count) => Number(Math.log(count / total).toFixed(3)));
  });
  const rows = grams.map((_, i) => JSON.stringify(columns.map((column) => column[i])));

  const title = 'language-profile';
  await writeModelFolder(folder, {
    config: { model_type: modelType, languages, grams },
    files: new Map([[weightsFile, `[\n${rows.join(',\n')}\n]\n`]]),
    manifest: {
      id: title,
      app: 'language',
      method: 'naive-bayes',
      recipe: { gramsPerLanguage, smoothing },
      data: [{ name: 'train', files: ['samples.jsonl'], sha256: sha256(content), license: 'Apache-2.0' }],
      seeds: [],
      metrics: {},
      createdWith: { zooid: '0.1.0' },
      license: 'Apache-2.0',
      languages,
      description: `Language of a text, one of ${languages.join(', ')}`,
    },
    card: modelCard({
      title,
      license: 'Apache-2.0',
      languages,
      pipelineTag: 'text-classification',
      sections: [
        { heading: 'Model', body: `Naive Bayes over ${grams.length} character runs, made by \`make-model.ts\`.` },
        { heading: 'Limits', body: 'Knows no other languages than these and answers with one of them regardless.' },
      ],
    }),
  });
}

function mostFrequent(counts: ReadonlyMap<string, number>): string[] {
  const ranked = [...counts].sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return ranked.slice(0, gramsPerLanguage).map(([gram]) => gram);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await makeModel('samples.jsonl', 'model');
