import { readJsonLines } from '@zooid/data';
import { type DataLine, type DatasetFormat, injectable } from '@zooid/spec';

/** JSON Lines: one JSON value a line, UTF-8, plain or gzip. */
@injectable()
export class JsonLinesFormat implements DatasetFormat {
  readonly name = 'jsonl';
  readonly extensions = ['.jsonl', '.jsonl.gz', '.ndjson', '.ndjson.gz'];

  read(file: string, context?: { readonly signal?: AbortSignal }): AsyncIterable<DataLine> {
    return readJsonLines(file, context);
  }
}
