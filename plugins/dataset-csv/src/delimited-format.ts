import { readDelimited } from '@zooid/data';
import {
  type DataLine,
  type DatasetFormat,
  IsOptional,
  IsString,
  inject,
  injectable,
  Length,
  MaxLength,
} from '@zooid/spec';

/** The plugin's section of the configuration. */
export class DelimitedFormatConfig {
  /** One character between fields. Default: a tab in `.tsv` files, else a comma. */
  @IsOptional()
  @IsString()
  @Length(1, 1)
  delimiter?: string;

  /** Character around fields that hold delimiters or line breaks; empty for files where quotes are ordinary text. */
  @IsString()
  @MaxLength(1)
  quote = '"';
}

/** CSV and TSV with a header row, UTF-8, plain or gzip; records are objects of strings. */
@injectable()
export class DelimitedFormat implements DatasetFormat {
  readonly name = 'csv';
  readonly extensions = ['.csv', '.csv.gz', '.tsv', '.tsv.gz'];

  constructor(@inject(DelimitedFormatConfig) private readonly config: DelimitedFormatConfig) {}

  read(file: string, context?: { readonly signal?: AbortSignal }): AsyncIterable<DataLine> {
    return readDelimited(file, { ...this.config, ...context });
  }
}
