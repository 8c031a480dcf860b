import { execFile } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { goldenDifference, parseGolden } from '@zooid/hub';
import { expect, it } from 'vitest';
import { HubFixture } from './hub-fixture.js';

const script = fileURLToPath(new URL('./__fixtures__/pipeline-child.mjs', import.meta.url));
const model = fileURLToPath(new URL('../../../../modelzoo/intent-zh-speaker', import.meta.url));

it('a program gets a model by its name on the Hub, and later without the Hub', { timeout: 120_000 }, async () => {
  await using at = await HubFixture.start();
  const content: Record<string, Buffer> = {};
  for (const entry of await readdir(model, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) content[relative(model, path)] = await readFile(path);
  }
  at.hub.repository('me/speaker').commit(content);
  const { input, output, tolerance } = parseGolden(content['golden.json']!.toString())[0]!;

  const answer = async (variables: NodeJS.ProcessEnv) => {
    const { text } = input as { text: string };
    const env = { ...process.env, HF_HOME: at.folder, HF_ENDPOINT: at.hub.endpoint, ...variables };
    const { stdout } = await promisify(execFile)(process.execPath, [script, 'intent', 'me/speaker', text], { env });
    return JSON.parse(stdout) as unknown;
  };
  expect(goldenDifference(output, await answer({}), tolerance)).toBeUndefined();
  const before = at.hub.requests.length;
  expect(before).toBeGreaterThan(0);
  expect(goldenDifference(output, await answer({ HF_HUB_OFFLINE: '1' }), tolerance)).toBeUndefined();
  expect(at.hub.requests).toHaveLength(before);
});
