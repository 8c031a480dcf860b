import { homedir } from 'node:os';
import { join } from 'node:path';
import { silentLogger } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import { OnnxBackendConfig } from './config.js';
import { poolOptions } from './pool-options.js';

const options = ({ config = {}, environment = {}, context = {} }) =>
  poolOptions(
    Object.assign(new OnnxBackendConfig(), config),
    { environment, logger: silentLogger },
    { id: 'demo', file: '/m/model.onnx', context },
  );

describe('poolOptions', () => {
  it('are as many threads as the runtime thinks right, with shared weights, by default', () => {
    const { onEvent, ...rest } = options({});
    expect(rest).toEqual({
      model: '/m/model.onnx',
      mode: 'throughput',
      optimize: true,
      maxQueue: 1024,
      runTimeoutMs: 60_000,
      recycleAfterRuns: 0,
      isolation: 'thread',
      sharedWeights: { mode: 'auto', folder: join(homedir(), '.cache/zooid/prepacked'), maxBytes: 10e9 },
    });
  });

  it.each([
    [{ XDG_CACHE_HOME: '/x' }, {}, '/x/zooid/prepacked'],
    [{ XDG_CACHE_HOME: '/x', ZOOID_CACHE: '/z' }, {}, '/z/prepacked'],
    [{ XDG_CACHE_HOME: '', ZOOID_CACHE: '' }, {}, join(homedir(), '.cache/zooid/prepacked')],
    [{ ZOOID_CACHE: '/z' }, { prepackedFolder: '/p' }, '/p'],
  ])('keep copies where the host %j and the settings %j say', (environment, config, folder) => {
    expect(options({ environment, config }).sharedWeights?.folder).toBe(folder);
  });

  it('put the models that are named into processes, and no others', () => {
    expect(options({ config: { isolate: ['demo'] } }).isolation).toBe('process');
    expect(options({ config: { isolate: ['other'] } }).isolation).toBe('thread');
    expect(options({ config: { isolation: 'process' } }).isolation).toBe('process');
  });

  it('take numbers of the one load before those of the settings', () => {
    const config = { workers: 2, threads: 3, mode: 'latency' };
    expect(options({ config })).toMatchObject({ workers: 2, threads: 3, mode: 'latency', optimize: true });
    expect(options({ config, context: { workers: 1, threads: 4, optimize: false } })).toMatchObject({
      workers: 1,
      threads: 4,
      optimize: false,
    });
  });
});
