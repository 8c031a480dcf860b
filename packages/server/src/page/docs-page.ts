import { docsScript } from './docs-script.js';
import { htmlPage } from './html-page.js';
import { keyForm, keyScript } from './key-script.js';

/** The page at `/docs`: /openapi.json, for people. */
export const docsPage = htmlPage({
  title: 'Zooid: API',
  body: `<header><h1>Zooid</h1><p id="about"></p><button type="button" id="save">openapi.json</button></header>
${keyForm}
<main id="operations" aria-live="polite"></main>
<footer><a href="./">apps</a></footer>`,
  script: keyScript + docsScript,
});
