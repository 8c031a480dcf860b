import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));

it('finds names that no list holds, and prints what the README says', { timeout: 120_000 }, async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [`${here}dist/main.js`]);
  expect(stdout).toContain('  person 赵美兰 [6, 9)');
  expect(await readFile(`${here}README.md`, 'utf8')).toContain(`\`\`\`text\n${stdout}\`\`\``);
});
