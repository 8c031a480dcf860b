import { ModelFolderError } from '../errors.js';

/** How many tokens the parts of a model folder think there are. */
export interface VocabularySizes {
  /** Tokens the tokenizer can give: its highest id plus one. */
  readonly tokenizer?: number | undefined;
  /** `vocab_size` of `config.json`. */
  readonly config?: number | undefined;
  /** Rows of the word table among the weights. */
  readonly table?: number | undefined;
}

/**
 * Refuses a model folder whose parts disagree on the vocabulary: a tokenizer with more tokens than the word table has
 * rows would ask for rows that are not there. Fewer tokens are legal, since tables are padded to round numbers.
 *
 * @param subject the folder, for the error
 * @throws ModelFolderError with both numbers.
 */
export function assertVocabularyFits(subject: string, { tokenizer, config, table }: VocabularySizes): void {
  const fail = (problem: string): never => {
    throw new ModelFolderError(`${subject}: ${problem}; they are not of one model, fetch or copy it again`);
  };
  if (config !== undefined && table !== undefined && config !== table) {
    fail(`config.json says vocab_size ${config}, but the word table has ${table} rows`);
  }
  const rows = table ?? config;
  if (tokenizer !== undefined && rows !== undefined && tokenizer > rows) {
    fail(`the tokenizer knows ${tokenizer} tokens, but the word table has ${rows} rows (vocab_size)`);
  }
}
