/** Markup. Made by `html` alone, so that text from a record cannot become any. */
export class Html {
  constructor(readonly markup: string) {}
}

type Value = string | number | Html | readonly Html[] | undefined;

/** Markup with values: text is escaped, markup is not, a list is joined, undefined is nothing. */
export function html(strings: TemplateStringsArray, ...values: readonly Value[]): Html {
  return new Html(String.raw({ raw: strings }, ...values.map(markupOf)));
}

function markupOf(value: Value): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.markup;
  if (typeof value === 'string') return escapeHtml(value);
  return typeof value === 'number' ? String(value) : value.map(({ markup }) => markup).join('');
}

/** Control characters, which pages must not hold, become their pictures (␀). */
export function escapeHtml(text: string): string {
  return text
    .replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
    .replace(controls, (character) =>
      character === '\x7f' ? '␡' : String.fromCharCode(0x2400 + character.charCodeAt(0)),
    );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
const controls = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]/g;
