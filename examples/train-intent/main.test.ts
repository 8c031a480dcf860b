import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));

it('trains a model that answers, and prints what the README says', { timeout: 120_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [`${here}dist/main.js`]);
  expect(Number(/unseen examples: (\d\.\d\d)/.exec(stdout)?.[1])).toBeGreaterThanOrEqual(0.75);
  // Another processor rounds otherwise, which 240 steps make visible.
  const withoutScores = (text: string) => text.replaceAll(/\d\.\d\d/g, '#');
  expect(withoutScores(await readFile(`${here}README.md`, 'utf8'))).toContain(
    withoutScores(`\`\`\`text\n${stdout}\`\`\``),
  );
});
