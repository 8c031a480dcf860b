import { appsScript } from './apps-script.js';
import { htmlPage } from './html-page.js';
import { keyForm, keyScript } from './key-script.js';

/** The page at `/`: what is served, to be tried. */
export const appsPage = htmlPage({
  title: 'Zooid',
  body: `<header><h1>Zooid</h1><p data-text="lead"></p><button type="button" id="language"></button></header>
${keyForm}
<main id="apps" aria-live="polite"></main>
<footer><a href="docs">docs</a> · <a href="readyz">readyz</a></footer>`,
  script: keyScript + appsScript,
});
