import type { Sentence, SentenceOutput } from './answer.js';

/** What a stream asks: an item and the parameters of `sentence-boundary`, answered by an endpoint or over HTTP. */
export type AskForSentences = (item: {
  readonly text: string;
  readonly partial?: { readonly committed: number; readonly settled: number; readonly pause: boolean };
}) => Promise<SentenceOutput>;

export interface SentenceStreamOptions {
  /** UTF-16 units that are asked about at once, at most. Default 2048. */
  readonly step?: number;
}

/** A sentence of a stream, `[start, end)` in UTF-16 units of all that came. */
export type StreamedSentence = Pick<Sentence, 'text' | 'start' | 'end' | 'punctuated'>;

/**
 * Sentences of a text that still grows, such as what a recogniser gives while somebody speaks. A sentence that was given out
 * stays; joined, all of them are all that came. Only what is not final is kept: a running sentence, of some hundred characters at
 * most, and a step. One call at a time: await each before the next.
 */
export class SentenceStream {
  private pending = '';
  private settled = 0;
  private start = 0;
  /** The first half of a surrogate pair whose second half has not come. */
  private half = '';

  constructor(
    private readonly ask: AskForSentences,
    private readonly options: SentenceStreamOptions = {},
  ) {}

  /** What came and is not final. */
  get rest(): string {
    return this.pending + this.half;
  }

  /**
   * More text has come.
   *
   * @param pause Whether the speaker has stopped for now: then what is there is judged without waiting for more.
   * @returns the sentences that became final
   */
  async append(more: string, { pause = false }: { readonly pause?: boolean } = {}): Promise<StreamedSentence[]> {
    const { step = 2048 } = this.options;
    const found: StreamedSentence[] = [];
    const text = this.half + more;
    const end = text.length - (/[\ud800-\udbff]$/.test(text) ? 1 : 0);
    this.half = text.slice(end);
    let at = 0;
    do {
      let next = Math.min(end, at + step);
      if (next < end && (text.charCodeAt(next) & 0xfc00) === 0xdc00) next++;
      this.pending += text.slice(at, next);
      at = next;
      for (const sentence of await this.advance(pause && at === end)) found.push(sentence);
    } while (at < end);
    return found;
  }

  /** The recogniser has changed its mind about what is not final. @param rest all of it, as it is now */
  revise(rest: string, options: { readonly pause?: boolean } = {}): Promise<StreamedSentence[]> {
    let same = 0;
    while (same < this.settled && this.pending[same] === rest[same]) same++;
    if (same < this.settled) this.settled = 0;
    this.pending = this.pending.slice(0, this.settled);
    this.half = '';
    return this.append(rest.slice(this.settled), options);
  }

  /** Nothing more will come. @returns the sentences that were not final; the stream may go on, with new ones. */
  async finish(): Promise<StreamedSentence[]> {
    const text = this.rest;
    this.pending = '';
    this.half = '';
    this.settled = 0;
    if (text === '') return [];
    const { sentences } = await this.ask({ text });
    return this.given(sentences);
  }

  private async advance(pause: boolean): Promise<StreamedSentence[]> {
    if (this.pending === '') return [];
    const { sentences, partial } = await this.ask({
      text: this.pending,
      partial: { committed: 0, settled: this.settled, pause },
    });
    const { committed, settled } = partial!;
    this.pending = this.pending.slice(committed);
    this.settled = settled - committed;
    return this.given(sentences);
  }

  /** Counted from where the stream began. */
  private given(sentences: readonly Sentence[]): StreamedSentence[] {
    return sentences.map(({ text, punctuated }) => {
      const start = this.start;
      this.start += text.length;
      return { text, start, end: this.start, ...(punctuated !== undefined && { punctuated }) };
    });
  }
}
