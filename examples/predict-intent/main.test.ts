import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));

it('tells a song from talk about a secret, and prints what the README says', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [`${here}dist/main.js`]);
  expect(stdout).toMatch(/^想听说不出的秘密 → PlayMusic .*\n我不想说出这个秘密 → Chat .*秘密 \(song\)/);
  // The last digit of a score may differ between processors.
  const withoutScores = (text: string) => text.replaceAll(/\d\.\d\d/g, '#');
  expect(withoutScores(await readFile(`${here}README.md`, 'utf8'))).toContain(
    withoutScores(`\`\`\`text\n${stdout}\`\`\``),
  );
});
