import { ZooidError } from '@zooid/common';
import { describe, expect, it } from 'vitest';
import {
  ClosedError,
  DatasetError,
  DatasetNotFoundError,
  DuplicateNameError,
  LimitError,
  ModelError,
  ModelInUseError,
  ModelNotFoundError,
  ModelUnloadedError,
  PluginError,
  UnknownNameError,
} from './errors.js';

describe('error classes', () => {
  it.each([
    [new PluginError('p', 'm'), 'PLUGIN_FAILED'],
    [new UnknownNameError('app', 'x', []), 'NAME_UNKNOWN'],
    [new DuplicateNameError('endpoint', 'x'), 'NAME_TAKEN'],
    [new ModelError('m', 'm'), 'MODEL_FAILED'],
    [new ModelNotFoundError('m', []), 'MODEL_NOT_FOUND'],
    [new ModelUnloadedError('m'), 'MODEL_UNLOADED'],
    [new ModelInUseError('m', ['a']), 'MODEL_IN_USE'],
    [new LimitError('/inputs', 'items', 1, 2), 'LIMIT_EXCEEDED'],
    [new DatasetError('d', 'm'), 'DATASET_FAILED'],
    [new DatasetNotFoundError('d', [], 'm'), 'DATASET_NOT_FOUND'],
    [new ClosedError('it'), 'CLOSED'],
  ])('%s keeps its code', (error, code) => {
    expect(error.code).toBe(code);
    expect(ZooidError.is(error)).toBe(true);
    expect(error.name).toBe(error.constructor.name);
  });

  it('say what was found and what to do', () => {
    expect(new ModelNotFoundError('a/b', ['local', 'hub']).message).toContain('searched: local, hub');
    expect(new ModelNotFoundError('a/b', []).message).toContain('no loaded plugin provides a model store');
    expect(new UnknownNameError('method', 'finetune', ['fine-tune', 'distill']).message).toBe(
      "unknown method 'finetune'; did you mean 'fine-tune'? (known: fine-tune, distill)",
    );
    expect(new LimitError('/inputs', 'items', 1024, 2000).message).toContain('2000 items, at most 1024');
  });
});
