import type { GroupReport, Piece, ShownCase } from './group-report.js';
import { type Html, html } from './html.js';

/** The worst cases, what was expected beside what was answered. */
export function casesOf({ kind, mistaken, worst }: GroupReport): Html | undefined {
  if (worst.length === 0) return undefined;
  const which =
    worst.length === mistaken
      ? 'All that have a mistake, the worst first.'
      : `The worst ${worst.length} of ${mistaken}.`;
  return html`<h3>Worst examples</h3><p class="key">${which} ${keyOf(kind, worst)}</p>
${worst.map((shown) => caseOf(shown, kind))}`;
}

/** What the marks mean. */
function keyOf(kind: GroupReport['kind'], worst: readonly ShownCase[]): Html {
  if (kind === 'labels') return html`Where one label was answered the surest mistakes come first.`;
  const hasUnknown = worst.some(({ expected }) => expected.some(({ unknown }) => unknown));
  const more =
    kind === 'spans'
      ? html`, <span class="chip">right</span>`
      : hasUnknown
        ? html`, <span class="cut"><span class="unknown">not in the training texts</span></span>`
        : undefined;
  return html`<span class="expected"><mark>expected</mark></span> and not answered, <mark>answered</mark> and not expected${more}.`;
}

function caseOf({ origin, score, mistakes, text, expected, answered }: ShownCase, kind: GroupReport['kind']): Html {
  const markup = kind !== 'segments' ? chipMarkup : areSentences(expected) ? sentenceMarkup : wordMarkup;
  const side = (pieces: readonly Piece[]) =>
    pieces.length === 0
      ? html`<span class="dim">nothing</span>`
      : pieces.map(
          (piece, i) => html`${piece.aside || (kind === 'labels' && i > 0) ? ' ' : undefined}${markup(piece)}`,
        );
  const kindOf = kind === 'segments' ? ' cut' : '';
  return html`<article><header>${origin} · score ${score} · ${mistakes} ${mistakes === 1 ? 'mistake' : 'mistakes'}</header>
${text === undefined ? undefined : html`<p class="text">${text}</p>`}<div class="sides"><div class="expected${kindOf}"><h4>expected</h4><div class="text">${side(expected)}</div></div><div class="answered${kindOf}"><h4>answered</h4><div class="text">${side(answered)}</div></div></div></article>
`;
}

/** Segments that are longer on average are sentences, of which the ends alone are marked. */
const longestWords = 6;

function areSentences(pieces: readonly Piece[]): boolean {
  const segments = pieces.filter(({ right }) => right !== undefined);
  return segments.reduce((sum, { text }) => sum + text.length, 0) > longestWords * segments.length;
}

/** Words, right ones plain, as most are. */
const wordMarkup = (piece: Piece): Html => segmentMarkup(piece, piece.right ?? true);

const sentenceMarkup = (piece: Piece): Html => segmentMarkup(piece, true);

function segmentMarkup({ text, right, label, unknown, wrongEnd }: Piece, isPlain: boolean): Html {
  if (right === undefined) return html`${text}`;
  const inner = html`${text}${label === undefined ? undefined : html`<small>${label}</small>`}`;
  const classes = [unknown ? 'unknown' : '', wrongEnd ? 'e' : ''].filter((name) => name !== '').join(' ');
  const attribute = classes === '' ? undefined : html` class="${classes}"`;
  return isPlain ? html`<u${attribute}>${inner}</u>` : html`<mark${attribute}>${inner}</mark>`;
}

function chipMarkup({ text, right, label, score }: Piece): Html {
  if (right === undefined) return html`${text}`;
  const detail = label ?? (score === undefined ? undefined : score.toFixed(2));
  const inner = html`${text}${detail === undefined ? undefined : html`<small>${detail}</small>`}`;
  return right ? html`<span class="chip">${inner}</span>` : html`<mark>${inner}</mark>`;
}
