import { readFile } from 'node:fs/promises';
import { writeFileAtomically } from '@zooid/hub';
import { type Tokenizer, tokenizerFromVocab, trainWordPiece } from '@zooid/tokenizers';
import { sampleTexts } from './corpus.js';
import type { VocabularyOptions } from './options.js';

export interface VocabularyRequest {
  /** Of what the vocabulary is made from. */
  readonly digest: string;
  readonly texts: () => AsyncIterable<string>;
  readonly options: VocabularyOptions;
}

/** A WordPiece vocabulary trained on the corpus, or the one that an interrupted run has left at `path`. */
export async function vocabularyOf(
  path: string,
  { digest, texts, options }: VocabularyRequest,
): Promise<{ readonly tokenizer: Tokenizer; readonly isNew: boolean }> {
  const { vocabSize, minFrequency, lowercase, sampleCharacters } = options;
  const known = await readKnown(path, digest);
  const vocab =
    known ?? trainWordPiece(await sampleTexts(texts(), sampleCharacters), { vocabSize, minFrequency, lowercase });
  if (known === undefined) await writeFileAtomically(path, [Buffer.from(JSON.stringify({ digest, vocab }))]);
  return { tokenizer: tokenizerFromVocab(vocab, { lowercase }), isNew: known === undefined };
}

async function readKnown(path: string, digest: string): Promise<string[] | undefined> {
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const file = JSON.parse(text) as { digest: string; vocab: string[] };
  return file.digest === digest ? file.vocab : undefined;
}
