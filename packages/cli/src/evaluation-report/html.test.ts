import { describe, expect, it } from 'vitest';
import { escapeHtml, Html, html } from './html.js';

describe('markup', () => {
  it('escapes what is text, and leaves what is markup', () => {
    const inner = html`<b>${'<i> & "quotes" \'too\''}</b>`;
    expect(inner.markup).toBe('<b>&#60;i&#62; &#38; &#34;quotes&#34; &#39;too&#39;</b>');
    expect(html`${[inner, html`${1.5}`]}${undefined}`.markup).toBe(`${inner.markup}1.5`);
    expect(html`${inner}`).toBeInstanceOf(Html);
  });

  it('keeps backslashes as they are', () => {
    expect(html`\n${'\\n'}`.markup).toBe('\n\\n');
  });

  it('shows control characters, but line breaks and tabs', () => {
    expect(escapeHtml('a\0b\x1bc\x7f\t\n\r中😀')).toBe('a␀b␛c␡\t\n\r中😀');
  });
});
