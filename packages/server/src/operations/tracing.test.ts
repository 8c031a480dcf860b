import { context, type Span, type SpanOptions, trace } from '@opentelemetry/api';
import { afterEach, describe, expect, it } from 'vitest';
import { RequestRecord } from './request-record.js';
import { parentContext, startSpan } from './tracing.js';

describe('tracing', () => {
  afterEach(() => trace.disable());
  const traceId = '4bf92f3577b34da6a3ce929d0e0e4736'; // the example of W3C Trace Context
  const header = `00-${traceId}-00f067aa0ba902b7-01`;
  const spanContext = (traceparent: string) => trace.getSpanContext(parentContext({ headers: { traceparent } }));

  it('continues a valid traceparent', () => {
    expect(spanContext(header)).toMatchObject({ traceId, spanId: '00f067aa0ba902b7', traceFlags: 1, isRemote: true });
    expect(spanContext(`01-${traceId}-00f067aa0ba902b7-00-more`)).toMatchObject({ traceId, traceFlags: 0 });
  });

  it.each([
    '',
    `ff-${traceId}-00f067aa0ba902b7-01`,
    `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-00f067aa0ba902b7-01`,
    `${header}-more`,
  ])('starts anew after %j', (traceparent) => {
    expect(spanContext(traceparent)).toBeUndefined();
  });

  it('passes the trace id on without an SDK', () => {
    const record = new RequestRecord('r');
    let ran = false;
    startSpan({ method: 'GET', headers: { traceparent: header } } as never, record).run(() => {
      ran = true;
    });
    expect([record.traceId, ran]).toEqual([traceId, true]);
  });

  it('gives an SDK one server span per request, named by route', () => {
    const log: unknown[] = [];
    const span = {
      spanContext: () => ({ traceId, spanId: '00f067aa0ba902b8', traceFlags: 1 }),
      updateName: (name: string) => log.push(name),
      setAttributes: (attributes: object) => log.push(attributes),
      setStatus: (status: object) => log.push(status),
      end: () => log.push('end'),
    } as unknown as Span;
    const tracer = {
      startSpan: (_: string, { kind }: SpanOptions, parent: Parameters<typeof trace.getSpan>[0]) => {
        log.push([kind, trace.getSpanContext(parent)?.traceId]);
        return span;
      },
      startActiveSpan: () => {},
    };
    trace.setGlobalTracerProvider({ getTracer: () => tracer as never });
    const record = Object.assign(new RequestRecord('r'), { route: '/v1/apps/{name}', app: 'echo', code: 'INTERNAL' });
    const request = startSpan({ method: 'POST', headers: { traceparent: header } } as never, record);
    request.run(() => log.push(context.active() !== undefined));
    request.end(record, 500);
    expect(log).toEqual([
      [1, traceId],
      true,
      'POST /v1/apps/{name}',
      {
        'http.route': '/v1/apps/{name}',
        'http.response.status_code': 500,
        'zooid.app': 'echo',
        'error.type': 'INTERNAL',
      },
      { code: 2 },
      'end',
    ]);
  });
});
