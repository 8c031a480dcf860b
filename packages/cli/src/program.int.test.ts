import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { plugin, Workplace } from './__fixtures__/workplace.js';

/** Each test starts the command several times, and other tests keep the machine busy. */
vi.setConfig({ testTimeout: 120_000 });

let at: Workplace;

beforeAll(async () => {
  at = await Workplace.create();
});
afterAll(() => at.remove());

describe('zooid', () => {
  it('prints help, and its version', async () => {
    const { code, out } = await at.zooid([]);
    expect(code).toBe(0);
    for (const command of ['train', 'evaluate', 'predict', 'run', 'serve', 'doctor', 'pull'])
      expect(out).toContain(command);
    expect((await at.zooid(['--version'])).out).toMatch(/^\d+\.\d+\.\d+\n$/);
    expect((await at.zooid(['predict', '--help'])).out).toContain('--resume');
  });

  it('answers misuse with status 2 and one line that helps', async () => {
    await at.refused(['aps'], /unknown command 'aps' \(Did you mean apps\?\)/);
    await at.refused(['apps', '--jsn'], /unknown option '--jsn' \(Did you mean --json\?\)/);
    await at.refused(['train'], /missing required argument 'recipe'/);
    await at.refused(['evaluate', 'tiny'], /--data/);
    await at.refused(['predict', 'tiny', '--batch', '0'], /positive whole number/);
    await at.refused(['serve', '--port', '70000'], /--port must be a port/);
    await at.refused(['serve'], /PORT must be a port/, { env: { PORT: 'http' } });
  });

  it.each([
    ['new', 'app', 'x'],
    ['pull', 'org/x'],
    ['push', 'folder', 'org/x'],
    ['cache', 'ls'],
    ['cache', 'prune', '--yes'],
  ])('says which kind of plugin %s %s needs', async (...words) => {
    await at.refused(words, /needs a .*plugin.* and no loaded plugin (provides it|is one)/);
  });

  it('refuses plugins and configurations that cannot be used', async () => {
    await at.refused(['apps', '--plugin', './nowhere.mjs'], /nowhere\.mjs' was not found/);
    await at.refused(['apps', '--plugin', plugin], /plugin 'fake' is loaded twice/);
    await writeFile(at.path('bad.yaml'), 'plugns: []\n');
    await at.refused(['apps', '--config', 'bad.yaml'], /plugns is an unknown key; did you mean 'plugins'\? \(line 1\)/);
    await at.refused(['apps', '--config', 'missing.yaml'], /missing\.yaml: there is no such file/);
  });

  it('loads a plugin by path, in addition to those of the configuration', async () => {
    const source = `export default { name: 'third', contract: 1, provides: [], register() {} };`;
    await writeFile(at.path('third.mjs'), source);
    const { out } = await at.zooid(['plugins', '--json', '--plugin', './third.mjs']);
    expect((JSON.parse(out) as { name: string }[]).map(({ name }) => name)).toEqual(['fake', 'third']);
  });
});

describe('zooid apps, methods, backends, models, plugins', () => {
  it('list as JSON with stable fields', async () => {
    const json = async (kind: string) => JSON.parse((await at.zooid([kind, '--json'])).out) as unknown;
    expect(await json('apps')).toEqual([
      { name: 'echo', task: 'text-classification', description: 'Calls a text long or short' },
    ]);
    expect(await json('methods')).toEqual([{ name: 'fine-tune', description: 'Counts to a number' }]);
    expect(await json('backends')).toEqual([{ name: 'fake' }]);
    expect(await json('models')).toMatchObject([
      { id: 'tiny', app: 'echo', license: 'MIT', sizeBytes: 1000 },
      { id: 'org/other' },
    ]);
    expect(await json('plugins')).toMatchObject([{ name: 'fake', requires: [] }]);
  });

  it('list as a table without escape sequences when piped', async () => {
    const { out } = await at.zooid(['models']);
    expect(out).toMatch(/^id +app +store +license +size/);
    expect(out).toContain('2.5 MB');
    expect(out).not.toContain('\x1b');
  });
});

describe('zooid run', () => {
  it('shows the answer for people, and as JSON', async () => {
    const { code, out } = await at.zooid(['run', 'tiny', '唱歌吧']);
    expect(code).toBe(0);
    expect(out).toBe(
      [
        'intent short',
        '  short  ███████████████░░░░░  0.7500',
        '  long   █████░░░░░░░░░░░░░░░  0.2500',
        'slots',
        'type  text  start  end',
        'song  歌    1      2',
        '',
      ].join('\n'),
    );
    expect(JSON.parse((await at.zooid(['run', 'tiny', 'hello there', '--json'])).out)).toMatchObject({
      intent: 'long',
    });
  });

  it('refuses unknown models, bad texts and bad parameters', async () => {
    await at.refused(['run', 'nobody', 'x'], /model 'nobody' was not found \(searched: fake\)/);
    await at.refused(['run', 'tiny', ''], /text/);
    await at.refused(['run', 'tiny', 'x', '--parameters', '{'], /--parameters must be a JSON object/);
    await at.refused(
      ['run', 'tiny', 'x', '--parameters', '{"dela":1}'],
      /\/parameters\/dela is an unknown key; did you mean 'delayMs'/,
    );
  });

  it('reports a failure of the app with status 1', async () => {
    const { code, err } = await at.zooid(['run', 'tiny', 'crash']);
    expect({ code, err }).toEqual({ code: 1, err: 'zooid: the app broke\n' });
    expect((await at.zooid(['run', 'tiny', 'crash', '--verbose'])).err).toMatch(/\n +at /);
  });
});

describe('zooid doctor and env', () => {
  it('report checks and settings', async () => {
    const env = { ZOOID_CACHE: at.path('cache'), ZOOID_DATA: at.path('data') };
    const { code, out } = await at.zooid(['doctor', '--json'], { env });
    expect(code).toBe(0);
    const checks = JSON.parse(out) as { name: string; ok: boolean }[];
    expect(checks.every(({ ok }) => ok)).toBe(true);
    expect(checks.map(({ name }) => name)).toContain('model tiny');
    expect(JSON.parse((await at.zooid(['env', '--json'], { env })).out)).toMatchObject({
      cache: env.ZOOID_CACHE,
      data: expect.arrayContaining([env.ZOOID_DATA]),
      config: at.path('zooid.yaml'),
    });
  });

  it('fail with status 1 when something is broken, and still say what works', async () => {
    const { code, out, err } = await at.zooid(['doctor', '--plugin', './nowhere.mjs']);
    expect(code).toBe(1);
    expect(out).toMatch(/FAILED +plugins/);
    expect(err).toBe('zooid: failed: plugins\n');
  });
});
