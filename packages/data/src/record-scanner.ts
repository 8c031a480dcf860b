/** What a scanner says after a line: the record is complete, needs the next line, or cannot be one. */
export type ScanState = 'complete' | 'open' | { readonly issue: string };

/**
 * Splits delimited text into fields, line by line (RFC 4180). A field is quoted when it begins with the quote; inside,
 * the quote is doubled and lines may break. A quote elsewhere in an unquoted field is an ordinary character.
 */
export class RecordScanner {
  fields: string[] = [];
  /** The quoted field that the last line left open. */
  private pending: string | undefined;

  /** @param quote one character, or `''` for formats without quoting. */
  constructor(
    private readonly delimiter: string,
    private readonly quote: string,
  ) {}

  reset(): void {
    this.fields = [];
    this.pending = undefined;
  }

  feed(text: string): ScanState {
    let at = 0;
    if (this.pending !== undefined) {
      const next = this.quotedField(text, 0, `${this.pending}\n`);
      if (typeof next !== 'number') return next;
      if (next > text.length) return 'complete';
      at = next;
    }
    for (;;) {
      if (this.quote !== '' && text.startsWith(this.quote, at)) {
        const next = this.quotedField(text, at + 1, '');
        if (typeof next !== 'number') return next;
        at = next;
      } else {
        const end = text.indexOf(this.delimiter, at);
        this.fields.push(text.slice(at, end < 0 ? undefined : end));
        at = end < 0 ? text.length + 1 : end + 1;
      }
      if (at > text.length) return 'complete';
    }
  }

  /** Reads to the closing quote and past the delimiter; returns where the next field begins, past the end when none. */
  private quotedField(text: string, start: number, before: string): number | ScanState {
    let value = before;
    let at = start;
    for (;;) {
      const close = text.indexOf(this.quote, at);
      if (close < 0) {
        this.pending = value + text.slice(at);
        return 'open';
      }
      value += text.slice(at, close);
      const after = close + 1;
      if (text.startsWith(this.quote, after)) {
        value += this.quote;
        at = after + 1;
        continue;
      }
      if (after < text.length && !text.startsWith(this.delimiter, after)) {
        return { issue: `has ${JSON.stringify(text[after])} after a closing quote; quotes inside a field are doubled` };
      }
      this.pending = undefined;
      this.fields.push(value);
      return after + 1;
    }
  }
}
