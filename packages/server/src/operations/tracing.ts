import type { IncomingMessage } from 'node:http';
import {
  type Context,
  context,
  createTraceState,
  isSpanContextValid,
  ProxyTracerProvider,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { RequestRecord } from './request-record.js';

/** W3C Trace Context: version, trace id, parent id, flags; later versions may append fields. */
const traceparent = /^(?!ff)([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** The caller's trace, when it sent a valid `traceparent`. @see https://www.w3.org/TR/trace-context/ */
export function parentContext({ headers }: Pick<IncomingMessage, 'headers'>): Context {
  const sent = headers.traceparent;
  const [, version, traceId = '', spanId = '', flags = '', more] =
    (typeof sent === 'string' ? traceparent.exec(sent) : null) ?? [];
  const parent = { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & 1, isRemote: true };
  if (!isSpanContextValid(parent) || (version === '00' && more !== undefined)) return ROOT_CONTEXT;
  const state = headers.tracestate;
  return trace.setSpanContext(ROOT_CONTEXT, {
    ...parent,
    ...(typeof state === 'string' && state.length <= 512 && { traceState: createTraceState(state) }),
  });
}

/** One server span for a request. Without an OpenTelemetry SDK in the process it records nothing. */
export interface RequestSpan {
  /** Runs `next` where spans of the apps become children of this one. */
  run(next: () => void): void;
  /** @param status Of the reply; 499 when the caller left. */
  end(record: RequestRecord, status: number): void;
}

/** What every request has while no SDK is there. */
const silentSpan: RequestSpan = { run: (next) => next(), end: () => {} };

/** What a provider passes spans on to until an SDK registers. */
const nobody = new ProxyTracerProvider().getDelegate();

function isTraced(): boolean {
  const provider = trace.getTracerProvider();
  return !(provider instanceof ProxyTracerProvider) || provider.getDelegate() !== nobody;
}

export function startSpan(request: IncomingMessage, record: RequestRecord): RequestSpan {
  if (!isTraced()) {
    if (request.headers.traceparent !== undefined)
      record.traceId = trace.getSpanContext(parentContext(request))?.traceId;
    return silentSpan;
  }
  const method = request.method ?? 'GET';
  const parent = parentContext(request);
  const attributes = { 'http.request.method': method, 'zooid.request.id': record.id };
  const span: Span = trace.getTracer('@zooid/server').startSpan(method, { kind: SpanKind.SERVER, attributes }, parent);
  const own = span.spanContext();
  if (isSpanContextValid(own)) record.traceId = own.traceId;
  return {
    run: (next) => context.with(trace.setSpan(parent, span), next),
    end: ({ route, app, code }, status) => {
      span.updateName(`${method} ${route}`);
      span.setAttributes({
        'http.route': route,
        'http.response.status_code': status,
        ...(app !== '' && { 'zooid.app': app }),
        ...(code !== undefined && { 'error.type': code }),
      });
      if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
      span.end();
    },
  };
}
