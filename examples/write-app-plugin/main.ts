import { fileURLToPath } from 'node:url';
import { pipeline } from '@zooid/kernel';
import type { Language } from './language-app.js';

// The host knows the plugin by its path alone; `zooid --plugin` and zooid.yaml do the same.
const here = fileURLToPath(new URL('..', import.meta.url));

await using detect = await pipeline('language', `${here}/model`, {
  plugins: ['.', '@zooid/store-local'],
  config: { root: here },
});

const texts = ['Wo ist der Bahnhof?', '想听说不出的秘密', '東京へ行く', '¿Qué?', 'Je ne sais pas.'];
const answers = await detect(texts);
for (const [i, answer] of answers.entries()) {
  const { language, score } = answer as Language;
  console.log(`${language}  ${score.toFixed(2)}  ${texts[i]}`);
}
