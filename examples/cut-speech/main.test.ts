import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));

it('gives out requests as they become final, and prints what the README says', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [`${here}dist/main.js`]);
  expect(stdout).toContain('→ 打开空调\n');
  // The last digit of a probability may differ between processors.
  const withoutScores = (text: string) => text.replaceAll(/\d\.\d\d/g, '#');
  expect(withoutScores(await readFile(`${here}README.md`, 'utf8'))).toContain(
    withoutScores(`\`\`\`text\n${stdout}\`\`\``),
  );
});
