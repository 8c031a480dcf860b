import { createHash } from 'node:crypto';
import type { Reply } from '../routes/route.js';
import { script } from './script.js';
import { style } from './style.js';

const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Zooid</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header><h1>Zooid</h1><p data-text="lead"></p><button type="button" id="language"></button></header>
<main id="apps" aria-live="polite"></main>
<footer><a href="/openapi.json">openapi.json</a> · <a href="/v1/apps">/v1/apps</a> · <a href="/readyz">/readyz</a></footer>
<noscript>This page needs JavaScript; the API does not. 此页面需要 JavaScript，接口不需要。</noscript>
<script>${script}</script>
</body>
</html>
`;

/** Exactly this style and this script may run, whatever else finds its way into the page. */
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

/** The page at `/`. It holds no data: its script asks `/v1/apps`, as any client would. */
export function renderPage(): Reply {
  return {
    status: 200,
    headers: { 'content-type': 'text/html; charset=utf-8', 'content-security-policy': policy },
    text: html,
  };
}

function digest(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}
