import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const here = fileURLToPath(new URL('.', import.meta.url));

it('answers beside the routes of the program, and prints what the README says', async () => {
  const { stdout, stderr } = await promisify(execFile)(process.execPath, [`${here}dist/main.js`]);
  expect(stderr).toBe('');
  expect(stdout).toContain('200 GetWeather');
  expect(await readFile(`${here}README.md`, 'utf8')).toContain(`\`\`\`text\n${stdout}\`\`\``);
});
