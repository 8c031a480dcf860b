import { createHash } from 'node:crypto';
import type { Reply } from '../routes/route.js';
import { style } from './style.js';

interface HtmlPage {
  readonly title: string;
  /** What stands inside the body. */
  readonly body: string;
  /** Runs in the browser, after the body is there. */
  readonly script: string;
}

/** A page of one file, with a policy that lets exactly its own style and script run, whatever finds its way into it. */
export function htmlPage({ title, body, script }: HtmlPage): Reply {
  const policy = [
    "default-src 'none'",
    `style-src '${digest(style)}'`,
    `script-src '${digest(script)}'`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
  const text = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
${body}
<noscript>This page needs JavaScript; the API does not. 此页面需要 JavaScript，接口不需要。</noscript>
<script>${script}</script>
</body>
</html>
`;
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy },
    text,
  };
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
