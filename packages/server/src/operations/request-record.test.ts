import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RequestRecord } from './request-record.js';

describe('the time of a request', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());

  it('is spent in line, which includes the wait for a forward pass, or in the app', () => {
    const record = new RequestRecord('r1');
    record.asked('echo');
    vi.advanceTimersByTime(4);
    record.admitted();
    vi.advanceTimersByTime(30);
    record.queued(10);
    record.answered();
    expect([record.queueMs, record.runMs]).toEqual([14, 20]);
    expect(record.serverTiming).toMatch(/^queue;dur=14(\.0)?, run;dur=20(\.0)?, total;dur=34(\.0)?$/);
  });
});
