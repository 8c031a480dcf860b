import { type DataLine, defaultMaxLineBytes, type ReadOptions } from './data-line.js';
import { readLines, type TextLine } from './lines.js';
import { fileError } from './open-text.js';
import { RecordScanner } from './record-scanner.js';

export interface ReadDelimitedOptions extends ReadOptions {
  /** One character. Default: tab for names ending in `.tsv` or `.tsv.gz`, else a comma. */
  readonly delimiter?: string;
  /** One character, or `''` for files where quotes are ordinary text. Default `"`. */
  readonly quote?: string;
}

/**
 * Records of a CSV or TSV file (UTF-8, plain or gzip) as objects of strings, in file order; the first row names the
 * columns, so an empty file has no records. Empty lines are skipped, but counted; a row that cannot be split, or has another number of fields than
 * the header, comes as an issue. `line` is where a record begins.
 *
 * @throws ValidationError when the file cannot be read or has no usable header row; AbortError when `signal` fires.
 * @see RFC 4180
 */
export async function* readDelimited(
  path: string,
  options: ReadDelimitedOptions = {},
): AsyncGenerator<DataLine, void, undefined> {
  const delimiter = options.delimiter ?? (/\.tsv(\.gz)?$/i.test(path) ? '\t' : ',');
  const scanner = new RecordScanner(delimiter, options.quote ?? '"');
  let header: readonly string[] | undefined;
  for await (const row of readRows(path, scanner, options)) {
    if (header === undefined) header = checkHeader(path, row);
    else if ('issue' in row) yield row;
    else yield toRecord(header, row, delimiter);
  }
}

type Row =
  | { readonly line: number; readonly fields: readonly string[]; readonly raw: string }
  | Extract<DataLine, { readonly issue: string }>;

async function* readRows(path: string, scanner: RecordScanner, options: ReadDelimitedOptions): AsyncGenerator<Row> {
  const assembler = new RowAssembler(scanner, options.maxLineBytes ?? defaultMaxLineBytes);
  for await (const line of readLines(path, options)) yield* assembler.push(line);
  yield* assembler.end();
}

/**
 * Joins lines into rows. When a quoted field turns out to be broken, only the line it began on is given up and the
 * lines behind it are read again on their own, so that one stray quote does not swallow the rest of the file.
 */
class RowAssembler {
  /** Lines of the row that is open. */
  private open: { readonly line: number; readonly text: string }[] = [];
  private openLength = 0;

  constructor(
    private readonly scanner: RecordScanner,
    private readonly maxLength: number,
  ) {}

  *push(first: TextLine): Generator<Row> {
    /** Lines to read before the next one from the file, last first. */
    const waiting = [first];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      if ('issue' in next) {
        if (this.open.length > 0)
          yield* this.giveUp(`has a quoted field that runs into line ${next.line}, which ${next.issue}`, waiting, next);
        else yield next;
        continue;
      }
      if (this.open.length === 0 && next.text.trim() === '') continue;
      this.open.push(next);
      this.openLength += next.text.length + 1;
      const state = this.scanner.feed(next.text);
      if (state === 'complete') {
        const { line } = this.open[0]!;
        yield { line, fields: this.scanner.fields, raw: this.raw() };
        this.clear();
      } else if (state !== 'open') {
        yield* this.giveUp(state.issue, waiting);
      } else if (this.openLength > this.maxLength) {
        yield* this.giveUp(
          `has a quoted field of more than ${this.maxLength} characters; is its closing quote missing?`,
          waiting,
        );
      }
    }
  }

  *end(): Generator<Row> {
    while (this.open.length > 0) {
      const again: TextLine[] = [];
      yield* this.giveUp('has a quoted field without closing quote', again);
      for (let next = again.pop(); next !== undefined; next = again.pop()) yield* this.push(next);
    }
  }

  /** Reports the first open line and puts the others back. */
  private *giveUp(issue: string, waiting: TextLine[], ...after: TextLine[]): Generator<Row> {
    const [first, ...rest] = this.open;
    this.clear();
    waiting.push(...[...rest, ...after].reverse());
    yield { line: first!.line, raw: first!.text, issue };
  }

  private raw(): string {
    return this.open.length === 1 ? this.open[0]!.text : this.open.map(({ text }) => text).join('\n');
  }

  private clear(): void {
    this.open = [];
    this.openLength = 0;
    this.scanner.reset();
  }
}

function checkHeader(path: string, row: Row): readonly string[] {
  if ('issue' in row) throw fileError(path, `line ${row.line} should name the columns, but ${row.issue}`);
  const names = row.fields.map((name) => name.trim());
  const empty = names.indexOf('');
  if (empty >= 0) throw fileError(path, `line ${row.line} names the columns, but column ${empty + 1} has no name`);
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined) throw fileError(path, `line ${row.line} names two columns '${repeated}'`);
  return names;
}

function toRecord(header: readonly string[], row: Extract<Row, { fields: unknown }>, delimiter: string): DataLine {
  const { line, fields, raw } = row;
  if (fields.length !== header.length) {
    const issue = `has ${fields.length} fields separated by ${JSON.stringify(delimiter)}, but the header names ${header.length}`;
    return { line, raw, issue };
  }
  return { line, record: Object.fromEntries(header.map((name, i) => [name, fields[i]])) };
}
