import { assertVocabularyFits } from '@zooid/hub';
import type { ModelArtifacts } from '@zooid/spec';
import { loadTokenizer, TokenizerError } from '@zooid/tokenizers';

/**
 * Refuses a base model whose tokenizer gives tokens that its word table has no rows for. A folder without a tokenizer of a
 * kind we read passes: whether the app needs one is the app's to say.
 *
 * @throws ModelFolderError with both sizes.
 */
export async function assertBaseVocabulary({ folder, config }: ModelArtifacts): Promise<void> {
  const tokenizer = await loadTokenizer(folder).catch((error: unknown) => {
    if (error instanceof TokenizerError) return undefined;
    throw error;
  });
  const { vocab_size: rows } = config;
  assertVocabularyFits(folder, {
    tokenizer: tokenizer?.vocabSize,
    config: typeof rows === 'number' ? rows : undefined,
  });
}
