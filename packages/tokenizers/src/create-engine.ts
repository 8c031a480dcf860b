import type { TokenizerDefinition } from './definition.js';
import type { Engine } from './engine.js';
import { Bpe } from './models/bpe.js';
import { cutsBeforeWords } from './models/segmenter.js';
import { Unigram } from './models/unigram.js';
import { WordModel } from './models/word-model.js';
import { WordPieces } from './models/word-pieces.js';
import { isBertNormalizer } from './normalizers/bert.js';
import { Pipeline } from './pipeline.js';
import { WordSplitter } from './word-splitter.js';
import { WordPiece } from './wordpiece.js';

const noNormalization = { cleanText: false, chineseCharacters: false, stripAccents: false, lowercase: false };

/** The fastest engine that gives the tokens that the definition asks for. */
export function createEngine(definition: TokenizerDefinition, ids: ReadonlyMap<string, number>): Engine {
  const { model, normalizer, preTokenizer } = definition;
  switch (model.type) {
    case 'WordPiece': {
      const { continuingPrefix, maxCharactersPerWord } = model;
      const unknownId = ids.get(model.unknown)!;
      const wordPiece = new WordPiece(ids, { unknownId, continuingPrefix, maxCharactersPerWord });
      const isBertLike = normalizer === undefined || isBertNormalizer(normalizer);
      if (isBertLike && preTokenizer?.json.type === 'BertPreTokenizer') {
        return new WordSplitter(normalizer?.normalization ?? noNormalization, wordPiece);
      }
      return new Pipeline(normalizer, preTokenizer, new WordModel(new WordPieces(wordPiece), false));
    }
    case 'Unigram': {
      const special = definition.addedTokens.filter((token) => token.special);
      const unigram = new Unigram(ids, model, new Set(special.map(({ content }) => content)));
      return new Pipeline(normalizer, preTokenizer, new WordModel(unigram, cutsBeforeWords(ids.keys())));
    }
    case 'BPE': {
      const isBytes = preTokenizer?.yieldsBytes ?? false;
      // Affixes and whole pieces depend on where a piece begins and ends.
      const dependsOnPiece = model.ignoreMerges || model.continuingPrefix !== '' || model.endOfWordSuffix !== '';
      const cutsWords = !isBytes && !dependsOnPiece && cutsBeforeWords(ids.keys());
      return new Pipeline(normalizer, preTokenizer, new WordModel(new Bpe(ids, model, isBytes), cutsWords));
    }
  }
}
