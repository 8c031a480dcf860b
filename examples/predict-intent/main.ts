import { fileURLToPath } from 'node:url';
import { pipeline } from '@zooid/kernel';

interface Intent {
  readonly intent: string;
  readonly score: number;
  readonly slots: readonly { readonly type: string; readonly text: string }[];
}

const modelzoo = fileURLToPath(new URL('../../../modelzoo', import.meta.url));

await using classify = await pipeline('intent', 'intent-zh-speaker', {
  config: { settings: { 'store-local': { roots: [modelzoo] } } },
});

// The listener owns a song called 秘密 (Secret). The first sentence asks for another one, the second for none.
const lexicon = [{ surface: '秘密', type: 'song' }];
const texts = ['想听说不出的秘密', '我不想说出这个秘密'];
const answers = await classify(texts.map((text) => ({ text, lexicon })));

for (const [i, answer] of answers.entries()) {
  const { intent, score, slots } = answer as Intent;
  const known = slots.map(({ text, type }) => `${text} (${type})`).join(', ');
  console.log(`${texts[i]} → ${intent} ${score.toFixed(2)}; the lexicon knows: ${known}`);
}
