import { AbortError, ValidationError, ZooidError } from '@zooid/common';
import { LimitError, UnknownNameError } from '@zooid/spec';
import { describe, expect, it } from 'vitest';
import { RequestError } from './errors.js';
import { toProblem } from './problem.js';

class QueueFull extends ZooidError {
  readonly code = 'QUEUE_FULL';
}

describe('toProblem', () => {
  it('lists every issue of a validation error with its pointer', () => {
    const error = new ValidationError('request', [
      { path: '/inputs/0', message: 'is bad' },
      { path: '', message: 'is worse' },
    ]);
    expect(toProblem(error).problem).toEqual({
      type: 'about:blank',
      title: 'Unprocessable Entity',
      status: 422,
      detail: 'request: /inputs/0 is bad; is worse',
      code: 'VALIDATION_FAILED',
      errors: [
        { pointer: '/inputs/0', detail: 'is bad' },
        { pointer: '', detail: 'is worse' },
      ],
    });
  });

  it('points at what is too large', () => {
    const { problem } = toProblem(new LimitError('/inputs/3/text', 'UTF-16 units', 10, 20));
    expect(problem).toMatchObject({ status: 413, errors: [{ pointer: '/inputs/3/text' }] });
  });

  it.each([
    [new UnknownNameError('endpoint', 'x', ['y']), 404],
    [new RequestError('METHOD_NOT_ALLOWED', 'no', { allow: 'GET' }), 405],
    [new QueueFull('full'), 429],
    [new AbortError(), 503],
    [new URIError('bad'), 400],
  ])('maps %s to its status', (error, status) => {
    expect(toProblem(error).problem.status).toBe(status);
  });

  it('tells callers when to come back, and passes other headers on', () => {
    expect(toProblem(new QueueFull('full')).headers).toEqual({ 'retry-after': '1' });
    expect(toProblem(new RequestError('DRAINING', 'x', { 'retry-after': '5' })).headers).toEqual({
      'retry-after': '5',
    });
    expect(toProblem(new RequestError('METHOD_NOT_ALLOWED', 'no', { allow: 'GET' })).headers).toEqual({ allow: 'GET' });
  });

  it.each([
    [new TypeError('/home/me/x.ts broke')],
    ['a string'],
    [undefined],
    [Object.assign(new Error('x'), { code: 'VALIDATION_FAILED' })],
  ])('says nothing about %s, which is not ours to explain', (error) => {
    expect(toProblem(error).problem).toEqual({
      type: 'about:blank',
      title: 'Internal Server Error',
      status: 500,
      detail: 'The server failed to answer; its log says why',
      code: 'INTERNAL',
    });
  });
});
