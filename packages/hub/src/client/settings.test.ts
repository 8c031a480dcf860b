import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ValidationError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { hubSettings } from './settings.js';

// Expected places: huggingface_hub/constants.py of huggingface_hub 2.0.0, which both have to agree on.
describe('hubSettings', () => {
  it('has the places of Python by default', () => {
    const home = join(homedir(), '.cache/huggingface');
    expect(hubSettings()).toEqual({
      endpoint: 'https://huggingface.co',
      cacheFolder: join(home, 'hub'),
      tokenFile: join(home, 'token'),
      offline: false,
      timeoutMs: 30_000,
    });
  });

  it.each([
    [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub', '/x/huggingface/token'],
    [{ XDG_CACHE_HOME: '/x', HF_HOME: '/h' }, '/h/hub', '/h/token'],
    [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old' }, '/old', '/h/token'],
    [{ HF_HOME: '/h', HUGGINGFACE_HUB_CACHE: '/old', HF_HUB_CACHE: '/c' }, '/c', '/h/token'],
    [{ HF_HOME: '/h', HF_TOKEN_PATH: '/t' }, '/h/hub', '/t'],
    [{ HF_HOME: '~/h' }, join(homedir(), 'h/hub'), join(homedir(), 'h/token')],
    [{ HF_HOME: '$BASE/h', BASE: '/b' }, '/b/h/hub', '/b/h/token'],
    [{ HF_HOME: '', XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub', '/x/huggingface/token'],
  ])('%j', (environment, cacheFolder, tokenFile) => {
    expect(hubSettings(environment)).toMatchObject({ cacheFolder, tokenFile });
  });

  it.each([
    ['1', true],
    ['ON', true],
    ['yes', true],
    ['True', true],
    ['0', false],
    ['false', false],
    ['', false],
  ])('takes HF_HUB_OFFLINE=%s for %s', (HF_HUB_OFFLINE, offline) => {
    expect(hubSettings({ HF_HUB_OFFLINE }).offline).toBe(offline);
    expect(hubSettings({ TRANSFORMERS_OFFLINE: HF_HUB_OFFLINE }).offline).toBe(offline);
  });

  it('reads token, endpoint and patience, which overrides replace', () => {
    const environment = {
      HF_TOKEN: ' hf_x \n',
      HF_ENDPOINT: 'https://mirror.example/hf/',
      HF_HUB_DOWNLOAD_TIMEOUT: '5',
    };
    expect(hubSettings(environment)).toMatchObject({
      token: 'hf_x',
      endpoint: 'https://mirror.example/hf',
      timeoutMs: 5000,
    });
    expect(hubSettings({ HUGGING_FACE_HUB_TOKEN: 'old' }).token).toBe('old');
    const overrides = { token: 'mine', endpoint: 'http://127.0.0.1:1', offline: true, cacheFolder: '/c' };
    expect(hubSettings(environment, overrides)).toMatchObject(overrides);
  });

  it.each([
    [{ HF_ENDPOINT: 'mirror' }, 'HF_ENDPOINT'],
    [{ HF_ENDPOINT: 'ftp://mirror' }, 'HF_ENDPOINT'],
    [{ HF_ENDPOINT: 'https://me:secret@mirror' }, 'HF_ENDPOINT'],
    [{ HF_TOKEN: 'hf_secret\r\nx-evil: 1' }, 'HF_TOKEN'],
    [{ HF_HUB_DOWNLOAD_TIMEOUT: 'soon' }, 'HF_HUB_DOWNLOAD_TIMEOUT'],
  ])('refuses %j by name, without repeating it', (environment, name) => {
    let error: ValidationError | undefined;
    try {
      hubSettings(environment);
    } catch (thrown) {
      error = thrown as ValidationError;
    }
    expect(error?.issues.map(({ path }) => path)).toEqual([name]);
    expect(error?.message).not.toContain('secret');
  });
});
