import type { IncomingMessage, ServerResponse } from 'node:http';
import helmet from 'helmet';
import { expect, it } from 'vitest';
import { securityHeaders } from './security-headers.js';

/** What helmet adds that would say nothing here, each with why. */
const leftOut: Readonly<Record<string, string>> = {
  'strict-transport-security': 'is for whoever terminates TLS; browsers ignore it over plain HTTP',
  'cross-origin-opener-policy': 'no window of this origin is opened by or opens others',
  'origin-agent-cluster': 'a hint for browsers about documents, with no effect on who may read what',
  'x-dns-prefetch-control': 'no page links elsewhere',
  'x-download-options': 'read by Internet Explorer 8 alone',
  'x-permitted-cross-domain-policies': 'read by Flash and Acrobat for files that are not served',
  'x-xss-protection': 'switches off a filter that browsers have removed',
};

it('sends every header that helmet does, or has a reason not to', () => {
  const sent: string[] = [];
  const response = {
    setHeader: (name: string) => sent.push(name.toLowerCase()),
    removeHeader: () => {},
  } as unknown as ServerResponse;
  helmet()({ headers: {} } as IncomingMessage, response, () => {});
  expect(sent.length).toBeGreaterThan(8);
  expect(sent.filter((name) => securityHeaders[name] === undefined && leftOut[name] === undefined)).toEqual([]);
});
